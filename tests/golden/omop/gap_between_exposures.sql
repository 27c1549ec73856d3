-- kind: aggregate
SELECT avg(next_start - drug_exposure_start_date) AS mean_gap
FROM (SELECT drug_exposure_start_date, lead(drug_exposure_start_date) OVER (PARTITION BY person_id, drug_concept_id ORDER BY drug_exposure_start_date) AS next_start
      FROM drug_exposure WHERE drug_concept_id = 40213154) AS t
WHERE next_start IS NOT NULL

-- people
SELECT count(*) FROM (SELECT person_id FROM drug_exposure WHERE drug_concept_id = 40213154 GROUP BY 1 HAVING count(*) > 1)
