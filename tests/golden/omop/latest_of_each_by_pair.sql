-- kind: aggregate
SELECT p.gender_concept_id, avg(m.value_as_number) AS mean, count(DISTINCT m.person_id) AS people
FROM measurement m JOIN person p ON p.person_id = m.person_id
WHERE m.measurement_concept_id = 3025315 AND (m.person_id, m.measurement_date) IN (
  SELECT person_id, max(measurement_date) FROM measurement WHERE measurement_concept_id = 3025315 GROUP BY person_id)
GROUP BY p.gender_concept_id

-- people
SELECT p.gender_concept_id, count(DISTINCT m.person_id) FROM measurement m JOIN person p ON p.person_id = m.person_id
WHERE m.measurement_concept_id = 3025315 GROUP BY 1
