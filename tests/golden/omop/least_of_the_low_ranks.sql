-- kind: held
SELECT min(CASE WHEN place < .5 * n THEN days_supply END) AS least
FROM (SELECT days_supply, row_number() OVER (ORDER BY days_supply) AS place, count(*) OVER () AS n
      FROM drug_exposure WHERE drug_concept_id = 1127433) AS ranked
