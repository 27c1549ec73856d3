-- kind: aggregate
SELECT gender_concept_id, avg((SELECT count(*) FROM condition_occurrence c WHERE c.person_id = p.person_id)) AS conditions, count(*) AS people
FROM person p
GROUP BY gender_concept_id ORDER BY gender_concept_id
-- people
SELECT gender_concept_id, count(*) FROM person GROUP BY gender_concept_id
