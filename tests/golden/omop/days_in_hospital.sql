-- kind: aggregate
SELECT p.gender_concept_id, sum(CAST(v.visit_end_datetime AS DATE) - v.visit_start_date) AS days
FROM visit_occurrence v JOIN person p USING (person_id) WHERE v.visit_concept_id = 9201 GROUP BY p.gender_concept_id

-- people
SELECT gender_concept_id, count(DISTINCT v.person_id) FROM visit_occurrence v JOIN person p USING (person_id)
WHERE visit_concept_id = 9201 AND visit_end_date > visit_start_date GROUP BY 1
