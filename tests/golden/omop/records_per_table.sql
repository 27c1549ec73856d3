-- kind: aggregate
SELECT 'visits' AS what, count(*) AS n FROM visit_occurrence
UNION ALL SELECT 'conditions', count(*) FROM condition_occurrence
UNION ALL SELECT 'people', count(*) FROM person

-- people
SELECT 'visits', count(DISTINCT person_id) FROM visit_occurrence UNION ALL SELECT 'conditions', count(DISTINCT person_id) FROM condition_occurrence
UNION ALL SELECT 'people', count(*) FROM person
