-- kind: rows
SELECT DISTINCT person_id FROM condition_occurrence WHERE condition_concept_id = 316866
