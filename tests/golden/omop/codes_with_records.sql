-- kind: aggregate
SELECT DISTINCT c.concept_name AS label, c.vocabulary_id || ':' || c.concept_code AS id FROM condition_occurrence o
JOIN concept c ON c.concept_id = o.condition_concept_id GROUP BY c.concept_name, c.vocabulary_id, c.concept_code

-- people
SELECT NULL, 0 WHERE false
