-- kind: aggregate
SELECT c.concept_name AS race, count(*) AS people
FROM person p LEFT JOIN concept c ON c.concept_id = p.race_concept_id
GROUP BY c.concept_name ORDER BY people DESC

-- people
SELECT concept_name, count(*) FROM person LEFT JOIN concept ON concept_id = race_concept_id GROUP BY 1
