-- kind: aggregate
SELECT count(DISTINCT a.person_id) AS both
FROM condition_occurrence a JOIN condition_occurrence b ON b.person_id = a.person_id
WHERE a.condition_concept_id = 316866 AND b.condition_concept_id = 4311629

-- people
SELECT count(DISTINCT a.person_id) FROM condition_occurrence a JOIN condition_occurrence b ON b.person_id = a.person_id
WHERE a.condition_concept_id = 316866 AND b.condition_concept_id = 4311629
