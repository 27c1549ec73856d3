-- kind: aggregate
SELECT visit_concept_id, n, 100.0 * n / sum(n) OVER () AS share
FROM (SELECT visit_concept_id, count(*) AS n FROM visit_occurrence GROUP BY visit_concept_id) AS t

-- people
SELECT visit_concept_id, count(DISTINCT person_id) FROM visit_occurrence GROUP BY 1
