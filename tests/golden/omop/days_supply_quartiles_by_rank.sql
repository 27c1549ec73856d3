-- kind: aggregate
SELECT min(CASE WHEN rank < .25 * n THEN 9999 ELSE days_supply END) AS quarter,
       min(CASE WHEN rank < .50 * n THEN 9999 ELSE days_supply END) AS median,
       min(CASE WHEN rank < .75 * n THEN 9999 ELSE days_supply END) AS three_quarters, avg(days_supply) AS mean, count(*) AS records
FROM (SELECT days_supply, row_number() OVER (ORDER BY days_supply) AS rank, count(*) OVER () AS n
      FROM drug_exposure WHERE drug_concept_id = 1127433) AS ranked

-- people
SELECT count(DISTINCT person_id) FROM drug_exposure WHERE drug_concept_id = 1127433
