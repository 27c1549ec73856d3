-- kind: aggregate
SELECT c.concept_name AS condition, count(DISTINCT o.person_id) AS people
FROM condition_occurrence o JOIN concept c ON c.concept_id = o.condition_concept_id
GROUP BY c.concept_name HAVING count(DISTINCT o.person_id) >= 100 ORDER BY people DESC, condition

-- people
SELECT c.concept_name, count(DISTINCT o.person_id) FROM condition_occurrence o JOIN concept c ON c.concept_id = o.condition_concept_id GROUP BY 1
