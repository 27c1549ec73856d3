-- kind: aggregate
SELECT p.gender_concept_id,
       count(DISTINCT CASE WHEN o.condition_concept_id = 40481087 THEN o.person_id END) AS sinusitis,
       count(DISTINCT CASE WHEN o.condition_concept_id = 316866 THEN o.person_id END) AS hypertension
FROM person p JOIN condition_occurrence o ON o.person_id = p.person_id GROUP BY p.gender_concept_id

-- people
SELECT gender_concept_id, count(DISTINCT p.person_id) FROM person p JOIN condition_occurrence o USING (person_id) GROUP BY 1
