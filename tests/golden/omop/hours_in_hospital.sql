-- kind: aggregate
-- may be suppressed: longer
SELECT visit_concept_id, avg(extract(epoch FROM visit_end_datetime - visit_start_datetime) / 3600) AS hours,
  count(*) FILTER (WHERE visit_end_datetime - visit_start_datetime > INTERVAL '12 hours') AS longer
FROM visit_occurrence GROUP BY visit_concept_id

-- people
SELECT visit_concept_id, count(DISTINCT person_id) FROM visit_occurrence GROUP BY 1
