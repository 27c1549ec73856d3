-- kind: aggregate
SELECT count(*) AS people FROM (
  SELECT person_id FROM condition_occurrence WHERE condition_concept_id = 316866
  UNION SELECT person_id FROM condition_occurrence WHERE condition_concept_id = 4311629) AS t

-- people
SELECT count(DISTINCT person_id) FROM condition_occurrence WHERE condition_concept_id IN (316866, 4311629)
