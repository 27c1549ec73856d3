-- kind: aggregate
SELECT d.drug_concept_id, avg(c.total_paid) AS paid FROM cost c JOIN drug_exposure d ON d.drug_exposure_id = c.cost_event_id GROUP BY d.drug_concept_id

-- people
SELECT 0, 0 WHERE false
