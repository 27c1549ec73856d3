-- kind: aggregate
WITH per_person AS (SELECT person_id, count(*) AS n FROM visit_occurrence GROUP BY person_id)
SELECT avg(n) AS mean, stddev(n) AS spread, percentile_cont(0.25) WITHIN GROUP (ORDER BY n) AS quarter,
       percentile_cont(0.75) WITHIN GROUP (ORDER BY n) AS three_quarters
FROM per_person

-- people
SELECT count(DISTINCT person_id) FROM visit_occurrence
