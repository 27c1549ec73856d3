-- kind: aggregate
SELECT visit_concept_id, sum(date_part('day', visit_end_datetime - visit_start_datetime)) AS days
FROM visit_occurrence GROUP BY visit_concept_id

-- people
SELECT visit_concept_id, count(DISTINCT person_id) FROM visit_occurrence
WHERE date_part('day', visit_end_datetime - visit_start_datetime) <> 0 GROUP BY 1
