-- kind: aggregate
SELECT c.concept_name AS visit, count(*) AS visits, count(DISTINCT v.person_id) AS people
FROM visit_occurrence v JOIN concept c ON c.concept_id = v.visit_concept_id GROUP BY c.concept_name

-- people
SELECT c.concept_name, count(DISTINCT person_id) FROM visit_occurrence JOIN concept c ON c.concept_id = visit_concept_id GROUP BY 1
