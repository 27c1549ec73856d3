-- kind: aggregate
SELECT avg(days_supply) AS mean, percentile_cont(0.25) WITHIN GROUP (ORDER BY days_supply) AS quarter,
       percentile_cont(0.75) WITHIN GROUP (ORDER BY days_supply) AS three_quarters
FROM drug_exposure WHERE drug_concept_id = 1127433

-- people
SELECT count(DISTINCT person_id) FROM drug_exposure WHERE drug_concept_id = 1127433
