-- kind: rows
SELECT p.year_of_birth, o.condition_start_date FROM person p JOIN condition_occurrence o ON o.person_id = p.person_id WHERE o.condition_concept_id = 316866
