-- kind: aggregate
SELECT gender_concept_id, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS place FROM person GROUP BY gender_concept_id

-- people
SELECT gender_concept_id, count(*) FROM person GROUP BY 1
