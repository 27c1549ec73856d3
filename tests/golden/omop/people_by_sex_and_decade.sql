-- kind: aggregate
SELECT gender_concept_id, year_of_birth / 10 * 10 AS decade, count(*) AS people
FROM person GROUP BY gender_concept_id, year_of_birth / 10 * 10

-- people
SELECT gender_concept_id, year_of_birth // 10 * 10, count(*) FROM person GROUP BY 1, 2
