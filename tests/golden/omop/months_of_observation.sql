-- kind: aggregate
SELECT (extract(year from age(observation_period_end_date, observation_period_start_date))*12
        + extract(month from age(observation_period_end_date, observation_period_start_date))) / 12 AS years, count(*) AS periods
FROM observation_period GROUP BY 1

-- people
SELECT CAST(extract(year from age(observation_period_end_date, observation_period_start_date))*12
        + extract(month from age(observation_period_end_date, observation_period_start_date)) AS BIGINT) // 12, count(DISTINCT person_id) FROM observation_period GROUP BY 1
