-- kind: aggregate
SELECT v.visit_concept_id, count(*) AS records, count(DISTINCT c.person_id) AS people
FROM condition_occurrence c JOIN visit_occurrence v ON v.visit_occurrence_id = c.visit_occurrence_id
GROUP BY v.visit_concept_id

-- people
SELECT visit_concept_id, count(DISTINCT c.person_id) FROM condition_occurrence c JOIN visit_occurrence v ON v.visit_occurrence_id = c.visit_occurrence_id GROUP BY 1
