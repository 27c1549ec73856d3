-- kind: aggregate
SELECT exposures, count(*) AS people
FROM (SELECT person_id, count(*) AS exposures FROM drug_exposure WHERE drug_concept_id = 1127433 GROUP BY person_id) AS t
GROUP BY exposures ORDER BY exposures

-- people
SELECT exposures, count(*) FROM (SELECT person_id, count(*) AS exposures FROM drug_exposure WHERE drug_concept_id = 1127433 GROUP BY person_id) GROUP BY 1
