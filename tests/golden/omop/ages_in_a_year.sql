-- kind: aggregate
SELECT gender_concept_id, avg(2020 - year_of_birth) AS age FROM person GROUP BY gender_concept_id

-- people
SELECT gender_concept_id, count(*) FROM person GROUP BY 1
