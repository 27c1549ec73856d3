-- kind: held
SELECT visit_concept_id, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS place FROM visit_occurrence GROUP BY visit_concept_id
