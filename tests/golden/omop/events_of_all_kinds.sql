-- kind: aggregate
SELECT kind, count(*) AS events, count(DISTINCT person_id) AS people FROM (
  SELECT 'condition' AS kind, person_id FROM condition_occurrence
  UNION ALL SELECT 'drug', person_id FROM drug_exposure
  UNION ALL SELECT 'procedure', person_id FROM procedure_occurrence
  UNION ALL SELECT 'observation', person_id FROM observation) AS events
GROUP BY kind ORDER BY kind

-- people
SELECT kind, count(DISTINCT person_id) FROM (SELECT 'condition' AS kind, person_id FROM condition_occurrence UNION ALL SELECT 'drug', person_id FROM drug_exposure
UNION ALL SELECT 'procedure', person_id FROM procedure_occurrence UNION ALL SELECT 'observation', person_id FROM observation) GROUP BY 1
