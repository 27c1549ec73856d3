-- kind: aggregate
SELECT gender_concept_id, avg(CASE WHEN year_of_birth < 1960 THEN 1.0 ELSE 0.0 END) AS share_born_before_1960 FROM person GROUP BY gender_concept_id

-- people
SELECT gender_concept_id, count(*) FROM person GROUP BY 1
