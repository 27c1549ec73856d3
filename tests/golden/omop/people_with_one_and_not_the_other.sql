-- kind: aggregate
SELECT count(*) AS people FROM (
  SELECT person_id FROM condition_occurrence WHERE condition_concept_id = 40481087
  EXCEPT SELECT person_id FROM condition_occurrence WHERE condition_concept_id = 260139) AS t

-- people
SELECT count(DISTINCT person_id) FROM condition_occurrence WHERE condition_concept_id = 40481087
AND person_id NOT IN (SELECT person_id FROM condition_occurrence WHERE condition_concept_id = 260139)
