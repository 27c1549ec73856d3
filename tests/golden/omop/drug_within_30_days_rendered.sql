-- kind: aggregate
SELECT count(DISTINCT e.person_id) AS people
FROM condition_occurrence c JOIN drug_exposure e ON e.person_id = c.person_id
WHERE c.condition_concept_id = 4112343 AND e.drug_exposure_start_date BETWEEN c.condition_start_date AND (c.condition_start_date + 30*INTERVAL'1 day')

-- people
SELECT count(DISTINCT e.person_id) FROM condition_occurrence c JOIN drug_exposure e ON e.person_id = c.person_id
WHERE c.condition_concept_id = 4112343 AND e.drug_exposure_start_date BETWEEN c.condition_start_date AND c.condition_start_date + 30
