-- kind: aggregate
SELECT gender_concept_id, count(*) AS people FROM person GROUP BY ROLLUP (gender_concept_id)

-- people
SELECT gender_concept_id, count(*) FROM person GROUP BY ROLLUP (gender_concept_id)
