-- kind: aggregate
SELECT gender_concept_id, count(*) AS people FROM person p
WHERE NOT EXISTS (SELECT 1 FROM condition_occurrence o WHERE o.person_id = p.person_id AND o.condition_concept_id = 40481087)
GROUP BY gender_concept_id

-- people
SELECT gender_concept_id, count(*) FROM person WHERE person_id NOT IN (SELECT person_id FROM condition_occurrence WHERE condition_concept_id = 40481087) GROUP BY 1
