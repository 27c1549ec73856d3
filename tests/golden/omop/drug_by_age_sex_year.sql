-- kind: aggregate
SELECT date_part('year', e.drug_exposure_start_date) AS year, p.gender_concept_id,
       floor((date_part('year', e.drug_exposure_start_date) - p.year_of_birth) / 20) AS age_band, count(DISTINCT e.person_id) AS people
FROM drug_exposure e JOIN person p USING (person_id)
WHERE e.drug_concept_id = 40213154 AND e.drug_exposure_start_date >= DATE '2014-01-01' GROUP BY 1, 2, 3

-- people
SELECT date_part('year', e.drug_exposure_start_date), p.gender_concept_id,
       floor((date_part('year', e.drug_exposure_start_date) - p.year_of_birth) / 20), count(DISTINCT e.person_id)
FROM drug_exposure e JOIN person p USING (person_id)
WHERE e.drug_concept_id = 40213154 AND e.drug_exposure_start_date >= DATE '2014-01-01' GROUP BY 1, 2, 3
