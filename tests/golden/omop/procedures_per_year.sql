-- kind: aggregate
SELECT date_trunc('year', procedure_date) AS year, count(*) AS procedures FROM procedure_occurrence
WHERE procedure_date >= '2012-01-01' GROUP BY 1 ORDER BY 1

-- people
SELECT date_trunc('year', procedure_date), count(DISTINCT person_id) FROM procedure_occurrence WHERE procedure_date >= '2012-01-01' GROUP BY 1
