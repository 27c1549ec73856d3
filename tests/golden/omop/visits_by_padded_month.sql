-- kind: aggregate
SELECT lpad(CAST(extract(month FROM visit_start_date) AS VARCHAR), 2, '0') || rpad('', 2, '.') AS month, count(*) AS visits
FROM visit_occurrence GROUP BY 1 ORDER BY 1

-- people
SELECT lpad(CAST(extract(month FROM visit_start_date) AS VARCHAR), 2, '0') || rpad('', 2, '.'), count(DISTINCT person_id)
FROM visit_occurrence GROUP BY 1
