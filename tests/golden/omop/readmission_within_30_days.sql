-- kind: aggregate
WITH stays AS (
  SELECT person_id, visit_start_date,
         lag(visit_end_date) OVER (PARTITION BY person_id ORDER BY visit_start_date, visit_end_date) AS before
  FROM visit_occurrence WHERE visit_concept_id = 9201
)
SELECT count(*) AS admissions, count(*) FILTER (WHERE visit_start_date - before <= 30) AS readmissions FROM stays

-- people
SELECT count(DISTINCT person_id) FROM visit_occurrence WHERE visit_concept_id = 9201
