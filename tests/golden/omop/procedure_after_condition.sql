-- kind: aggregate
SELECT count(DISTINCT p.person_id) AS people
FROM procedure_occurrence p WHERE EXISTS (
  SELECT 1 FROM condition_occurrence c WHERE c.person_id = p.person_id AND c.condition_start_date <= p.procedure_date AND c.condition_concept_id = 316866)

-- people
SELECT count(DISTINCT p.person_id) FROM procedure_occurrence p JOIN condition_occurrence c ON c.person_id = p.person_id
AND c.condition_start_date <= p.procedure_date AND c.condition_concept_id = 316866
