-- kind: aggregate
SELECT visit_concept_id, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS place FROM visit_occurrence GROUP BY visit_concept_id

-- people
SELECT visit_concept_id, count(DISTINCT person_id) FROM visit_occurrence GROUP BY 1
