-- kind: aggregate
SELECT coalesce(month_of_birth, 1) AS month, count(*) AS people FROM person WHERE person_id != 0 GROUP BY 1 ORDER BY 1

-- people
SELECT coalesce(month_of_birth, 1), count(*) FROM person GROUP BY 1
