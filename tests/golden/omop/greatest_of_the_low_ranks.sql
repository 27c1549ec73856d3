-- kind: aggregate
SELECT max(CASE WHEN place <= .5 * n THEN days_supply END) AS below, max(CASE WHEN part <= 0.5 THEN days_supply END) AS low
FROM (SELECT days_supply, row_number() OVER (ORDER BY days_supply) AS place, count(*) OVER () AS n,
             cume_dist() OVER (ORDER BY days_supply) AS part
      FROM drug_exposure WHERE drug_concept_id = 1127433) AS ranked

-- people
SELECT count(DISTINCT person_id) FROM drug_exposure WHERE drug_concept_id = 1127433
