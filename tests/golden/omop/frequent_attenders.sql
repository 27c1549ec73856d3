-- kind: aggregate
SELECT CASE WHEN n >= 50 THEN '50 and more' WHEN n >= 20 THEN '20 to 49' ELSE 'below 20' END AS visits, count(*) AS people
FROM (SELECT person_id, count(*) AS n FROM visit_occurrence GROUP BY person_id) AS t
GROUP BY 1

-- people
SELECT CASE WHEN n >= 50 THEN '50 and more' WHEN n >= 20 THEN '20 to 49' ELSE 'below 20' END, count(*)
FROM (SELECT person_id, count(*) AS n FROM visit_occurrence GROUP BY person_id) GROUP BY 1
