-- kind: aggregate
SELECT CASE WHEN date_part('month', condition_start_date) IN (12, 1, 2) THEN 'winter'
            WHEN date_part('month', condition_start_date) IN (3, 4, 5) THEN 'spring'
            WHEN date_part('month', condition_start_date) IN (6, 7, 8) THEN 'summer' ELSE 'autumn' END AS season, count(*) AS cases
FROM condition_occurrence WHERE condition_concept_id = 260139 GROUP BY 1

-- people
SELECT CASE WHEN date_part('month', condition_start_date) IN (12, 1, 2) THEN 'winter'
            WHEN date_part('month', condition_start_date) IN (3, 4, 5) THEN 'spring'
            WHEN date_part('month', condition_start_date) IN (6, 7, 8) THEN 'summer' ELSE 'autumn' END, count(DISTINCT person_id)
FROM condition_occurrence WHERE condition_concept_id = 260139 GROUP BY 1
