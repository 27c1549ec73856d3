-- kind: aggregate
SELECT floor((observation_period_end_date - observation_period_start_date) / 365.25) AS years, count(DISTINCT person_id) AS people
FROM observation_period GROUP BY 1 ORDER BY 1

-- people
SELECT floor((observation_period_end_date - observation_period_start_date) / 365.25), count(DISTINCT person_id) FROM observation_period GROUP BY 1
