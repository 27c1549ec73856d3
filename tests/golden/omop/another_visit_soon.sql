-- kind: aggregate
SELECT a.visit_concept_id, count(DISTINCT a.person_id) AS people FROM visit_occurrence a
JOIN visit_occurrence b ON a.person_id = b.person_id AND a.visit_occurrence_id <> b.visit_occurrence_id
  AND b.visit_start_date > a.visit_end_date AND b.visit_start_date <= a.visit_end_date + INTERVAL '30 days'
GROUP BY a.visit_concept_id

-- people
SELECT a.visit_concept_id, count(DISTINCT a.person_id) FROM visit_occurrence a
JOIN visit_occurrence b ON a.person_id = b.person_id AND a.visit_occurrence_id <> b.visit_occurrence_id
  AND b.visit_start_date > a.visit_end_date AND b.visit_start_date <= a.visit_end_date + INTERVAL '30 days' GROUP BY 1
