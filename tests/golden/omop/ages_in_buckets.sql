-- kind: aggregate
SELECT width_bucket(2020 - year_of_birth, 0, 100, 10) AS bucket, count(*) AS people FROM person GROUP BY 1 ORDER BY 1

-- people
SELECT width_bucket(2020 - year_of_birth, 0, 100, 10), count(*) FROM person GROUP BY 1
