-- kind: rows
SELECT condition_start_date FROM condition_occurrence UNION ALL SELECT drug_exposure_start_date FROM drug_exposure
