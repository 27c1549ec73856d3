-- kind: aggregate
SELECT count(*) AS people, avg(year_of_birth) AS mean, stddev(year_of_birth) AS spread,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY year_of_birth) AS median
FROM person

-- people
SELECT count(*) FROM person
