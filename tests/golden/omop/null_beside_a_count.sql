-- kind: aggregate
SELECT 'person' AS source, NULL AS source_vocabulary_id, count(*) AS records FROM person
UNION ALL SELECT 'visit_occurrence', NULL, count(*) FROM visit_occurrence

-- people
SELECT 'person', NULL, count(*) FROM person UNION ALL SELECT 'visit_occurrence', NULL, count(DISTINCT person_id) FROM visit_occurrence
