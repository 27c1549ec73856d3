-- kind: held
SELECT visit_concept_id, avg(extract(epoch FROM visit_end_datetime - visit_start_datetime)) AS mean,
  sum(extract(epoch FROM visit_end_datetime - visit_start_datetime)) AS total
FROM visit_occurrence GROUP BY visit_concept_id
