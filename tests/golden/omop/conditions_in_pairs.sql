-- kind: aggregate
SELECT a.condition_concept_id AS first_condition, b.condition_concept_id AS second_condition, count(DISTINCT a.person_id) AS people
FROM condition_occurrence a JOIN condition_occurrence b ON a.person_id = b.person_id AND a.condition_concept_id < b.condition_concept_id
GROUP BY 1, 2 HAVING count(DISTINCT a.person_id) > 50

-- people
SELECT a.condition_concept_id, b.condition_concept_id, count(DISTINCT a.person_id)
FROM condition_occurrence a JOIN condition_occurrence b ON a.person_id = b.person_id AND a.condition_concept_id < b.condition_concept_id GROUP BY 1, 2
