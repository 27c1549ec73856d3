-- kind: aggregate
WITH ages AS (
  SELECT e.drug_concept_id, min(date_part('year', e.drug_exposure_start_date)) - p.year_of_birth AS age
  FROM drug_exposure e JOIN person p USING (person_id) WHERE e.drug_concept_id IN (40213154, 1127433, 19081453)
  GROUP BY e.drug_concept_id, e.person_id, p.year_of_birth
), ranked AS (
  SELECT drug_concept_id, age, row_number() OVER (PARTITION BY drug_concept_id ORDER BY age) AS place,
         count(*) OVER (PARTITION BY drug_concept_id) AS population FROM ages
)
SELECT drug_concept_id, count(*) AS people, min(CASE WHEN place >= population * 0.25 THEN age END) AS quarter,
       min(CASE WHEN place >= population * 0.5 THEN age END) AS median
FROM ranked GROUP BY drug_concept_id

-- people
SELECT drug_concept_id, count(DISTINCT person_id) FROM drug_exposure WHERE drug_concept_id IN (40213154, 1127433, 19081453) GROUP BY 1
