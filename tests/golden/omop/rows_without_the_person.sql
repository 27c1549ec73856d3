-- kind: rows
SELECT n FROM (SELECT person_id, count(*) AS n FROM visit_occurrence GROUP BY person_id) AS t ORDER BY n DESC LIMIT 1
