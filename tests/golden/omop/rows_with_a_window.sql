-- kind: rows
SELECT p.year_of_birth, count(*) OVER (PARTITION BY p.year_of_birth) AS n FROM person p
