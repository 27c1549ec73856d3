-- kind: rows
SELECT person_id, count(*) AS n FROM visit_occurrence GROUP BY person_id
