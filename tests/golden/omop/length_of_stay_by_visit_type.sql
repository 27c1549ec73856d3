-- kind: aggregate
SELECT v.visit_concept_id, count(*) AS visits, avg(v.visit_end_date - v.visit_start_date) AS mean_days,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY v.visit_end_date - v.visit_start_date) AS median_days
FROM visit_occurrence v GROUP BY v.visit_concept_id

-- people
SELECT visit_concept_id, count(DISTINCT person_id) FROM visit_occurrence GROUP BY 1
