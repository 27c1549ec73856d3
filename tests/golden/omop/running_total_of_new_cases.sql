-- kind: held
SELECT year, new_cases, sum(new_cases) OVER (ORDER BY year) AS so_far
FROM (SELECT date_part('year', condition_start_date) AS year, count(*) AS new_cases FROM condition_occurrence GROUP BY 1) AS t
