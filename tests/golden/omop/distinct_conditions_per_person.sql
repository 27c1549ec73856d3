-- kind: aggregate
SELECT n AS conditions, count(*) AS people
FROM (SELECT person_id, count(DISTINCT condition_concept_id) AS n FROM condition_occurrence GROUP BY person_id) AS t GROUP BY n ORDER BY n

-- people
SELECT n, count(*) FROM (SELECT person_id, count(DISTINCT condition_concept_id) AS n FROM condition_occurrence GROUP BY person_id) GROUP BY n
