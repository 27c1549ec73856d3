-- kind: aggregate
SELECT b.drug_concept_id, count(DISTINCT b.person_id) AS people
FROM drug_exposure a JOIN drug_exposure b ON b.person_id = a.person_id AND b.drug_concept_id <> a.drug_concept_id
 AND b.drug_exposure_start_date BETWEEN a.drug_exposure_start_date AND coalesce(a.drug_exposure_end_date, a.drug_exposure_start_date)
WHERE a.drug_concept_id = 40213227 GROUP BY b.drug_concept_id

-- people
SELECT b.drug_concept_id, count(DISTINCT b.person_id)
FROM drug_exposure a JOIN drug_exposure b ON b.person_id = a.person_id AND b.drug_concept_id <> a.drug_concept_id
 AND b.drug_exposure_start_date BETWEEN a.drug_exposure_start_date AND coalesce(a.drug_exposure_end_date, a.drug_exposure_start_date)
WHERE a.drug_concept_id = 40213227 GROUP BY 1
