-- kind: aggregate
SELECT CASE WHEN visit_end_date = visit_start_date THEN 'same day'
            WHEN visit_end_date - visit_start_date < 7 THEN 'within a week' ELSE 'longer' END AS stay,
       count(*) AS stays, count(DISTINCT person_id) AS people
FROM visit_occurrence WHERE visit_concept_id = 9201 GROUP BY 1

-- people
SELECT CASE WHEN visit_end_date = visit_start_date THEN 'same day'
            WHEN visit_end_date - visit_start_date < 7 THEN 'within a week' ELSE 'longer' END,
       count(DISTINCT person_id) FROM visit_occurrence WHERE visit_concept_id = 9201 GROUP BY 1
