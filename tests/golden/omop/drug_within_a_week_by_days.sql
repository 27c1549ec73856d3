-- kind: aggregate
SELECT count(*) AS records FROM condition_occurrence c, drug_exposure e
WHERE e.person_id = c.person_id AND c.condition_concept_id = 260139 AND e.drug_exposure_start_date >= c.condition_start_date - 7
  AND e.drug_exposure_start_date <= 7 + c.condition_start_date

-- people
SELECT count(DISTINCT e.person_id) FROM condition_occurrence c, drug_exposure e
WHERE e.person_id = c.person_id AND c.condition_concept_id = 260139 AND e.drug_exposure_start_date BETWEEN c.condition_start_date - 7 AND c.condition_start_date + 7
