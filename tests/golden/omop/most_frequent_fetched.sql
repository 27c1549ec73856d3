-- kind: aggregate
SELECT c.concept_name, count(DISTINCT o.person_id) AS people FROM condition_occurrence o
JOIN concept c ON c.concept_id = o.condition_concept_id
GROUP BY c.concept_name ORDER BY people DESC, c.concept_name FETCH FIRST 5 ROWS ONLY

-- people
SELECT c.concept_name, count(DISTINCT o.person_id) FROM condition_occurrence o
JOIN concept c ON c.concept_id = o.condition_concept_id GROUP BY 1
