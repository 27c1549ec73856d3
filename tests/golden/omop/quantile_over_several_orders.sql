-- kind: held
SELECT min(CASE WHEN place < .5 * n THEN 9999 ELSE days_supply END) AS some
FROM (SELECT days_supply, row_number() OVER (PARTITION BY drug_concept_id ORDER BY days_supply) AS place,
             count(*) OVER (PARTITION BY drug_concept_id) AS n FROM drug_exposure) AS ranked
