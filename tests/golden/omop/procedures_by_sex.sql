-- kind: aggregate
SELECT p.gender_concept_id, c.concept_name, count(*) AS procedures
FROM procedure_occurrence o INNER JOIN person p ON p.person_id = o.person_id INNER JOIN concept c ON c.concept_id = o.procedure_concept_id
GROUP BY p.gender_concept_id, c.concept_name

-- people
SELECT p.gender_concept_id, c.concept_name, count(DISTINCT p.person_id) FROM procedure_occurrence o JOIN person p USING (person_id)
JOIN concept c ON c.concept_id = o.procedure_concept_id GROUP BY 1, 2
