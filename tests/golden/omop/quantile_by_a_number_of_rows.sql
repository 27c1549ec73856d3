-- kind: held
SELECT min(CASE WHEN place < 300 THEN 9999 ELSE days_supply END) AS some
FROM (SELECT days_supply, row_number() OVER (ORDER BY days_supply) AS place
      FROM drug_exposure WHERE drug_concept_id = 1127433) AS ranked
