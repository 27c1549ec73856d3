-- kind: aggregate
SELECT day_of_birth, count(person_id) AS num_patients FROM person GROUP BY day_of_birth ORDER BY day_of_birth

-- people
SELECT day_of_birth, count(*) FROM person GROUP BY 1
