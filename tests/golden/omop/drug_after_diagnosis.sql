-- kind: aggregate
WITH diagnosed AS (SELECT person_id, min(condition_start_date) AS index_date FROM condition_occurrence
                   WHERE condition_concept_id = 40481087 GROUP BY person_id)
SELECT e.drug_concept_id, count(DISTINCT e.person_id) AS people
FROM diagnosed d JOIN drug_exposure e ON e.person_id = d.person_id
 AND e.drug_exposure_start_date >= d.index_date AND e.drug_exposure_start_date < d.index_date + INTERVAL '1 year'
GROUP BY e.drug_concept_id

-- people
WITH diagnosed AS (SELECT person_id, min(condition_start_date) AS index_date FROM condition_occurrence
                   WHERE condition_concept_id = 40481087 GROUP BY person_id)
SELECT e.drug_concept_id, count(DISTINCT e.person_id) FROM diagnosed d JOIN drug_exposure e ON e.person_id = d.person_id
 AND e.drug_exposure_start_date >= d.index_date AND e.drug_exposure_start_date < d.index_date + INTERVAL '1 year' GROUP BY 1
