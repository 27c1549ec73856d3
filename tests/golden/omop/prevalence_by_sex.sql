-- kind: aggregate
SELECT p.gender_concept_id, count(DISTINCT p.person_id) AS people,
       count(DISTINCT o.person_id) AS with_condition
FROM person p LEFT JOIN condition_occurrence o ON o.person_id = p.person_id AND o.condition_concept_id = 316866
GROUP BY p.gender_concept_id

-- people
SELECT gender_concept_id, count(*) FROM person GROUP BY 1
