-- kind: aggregate
WITH years AS (SELECT DISTINCT date_part('year', visit_start_date) AS year, person_id FROM visit_occurrence
               WHERE visit_start_date >= DATE '2010-01-01')
SELECT year, count(DISTINCT person_id) AS people FROM years GROUP BY year ORDER BY year

-- people
SELECT date_part('year', visit_start_date), count(DISTINCT person_id) FROM visit_occurrence WHERE visit_start_date >= DATE '2010-01-01' GROUP BY 1
