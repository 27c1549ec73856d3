-- kind: aggregate
SELECT date_part('month', visit_start_date) AS month, count(*) AS visits
FROM visit_occurrence WHERE visit_concept_id = 9203 GROUP BY date_part('month', visit_start_date) ORDER BY month

-- people
SELECT date_part('month', visit_start_date), count(DISTINCT person_id) FROM visit_occurrence WHERE visit_concept_id = 9203 GROUP BY 1
