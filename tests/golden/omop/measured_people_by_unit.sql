-- kind: aggregate
SELECT c.concept_name AS unit, count(*) AS measurements FROM measurement m LEFT OUTER JOIN concept c ON m.unit_concept_id = c.concept_id GROUP BY c.concept_name

-- people
SELECT c.concept_name, count(DISTINCT person_id) FROM measurement m LEFT JOIN concept c ON m.unit_concept_id = c.concept_id GROUP BY 1
