-- kind: aggregate
-- must be suppressed: last
SELECT min(CASE WHEN place < .99 * n THEN 9999 ELSE days_supply END) AS last, count(*) AS records
FROM (SELECT days_supply, row_number() OVER (ORDER BY days_supply) AS place, count(*) OVER () AS n
      FROM drug_exposure WHERE drug_concept_id = 1127433) AS ranked

-- people
SELECT count(DISTINCT person_id) FROM drug_exposure WHERE drug_concept_id = 1127433
