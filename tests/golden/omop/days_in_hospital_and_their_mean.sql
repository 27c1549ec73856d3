-- kind: held
SELECT sum(visit_end_date - visit_start_date) AS days, avg(visit_end_date - visit_start_date) AS mean
FROM visit_occurrence WHERE visit_concept_id = 9201
