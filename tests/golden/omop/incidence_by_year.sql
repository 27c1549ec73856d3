-- kind: aggregate
SELECT date_part('year', first_date) AS year, count(*) AS new_cases
FROM (SELECT person_id, min(condition_start_date) AS first_date FROM condition_occurrence
      WHERE condition_concept_id = 260139 GROUP BY person_id) AS f
WHERE first_date >= DATE '2000-01-01' GROUP BY 1 ORDER BY 1

-- people
SELECT date_part('year', f), count(*) FROM (SELECT person_id, min(condition_start_date) AS f FROM condition_occurrence
      WHERE condition_concept_id = 260139 GROUP BY person_id) WHERE f >= DATE '2000-01-01' GROUP BY 1
