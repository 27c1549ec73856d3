-- kind: aggregate
SELECT count(n) AS people, avg(n) AS mean, min(n) AS least, round(stddev(n), 1) AS spread
FROM (SELECT person_id, count(DISTINCT condition_concept_id) AS n FROM condition_occurrence GROUP BY person_id) AS t

-- people
SELECT count(DISTINCT person_id) FROM condition_occurrence
