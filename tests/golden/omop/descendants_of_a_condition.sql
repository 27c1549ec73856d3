-- kind: aggregate
SELECT count(DISTINCT o.person_id) AS people FROM condition_occurrence o
JOIN concept_ancestor a ON a.descendant_concept_id = o.condition_concept_id WHERE a.ancestor_concept_id = 316866

-- people
SELECT 0
