-- kind: aggregate
SELECT corr(a.mean, b.mean) AS correlation
FROM (SELECT person_id, avg(value_as_number) AS mean FROM measurement WHERE measurement_concept_id = 3036277 GROUP BY person_id) a
JOIN (SELECT person_id, avg(value_as_number) AS mean FROM measurement WHERE measurement_concept_id = 3025315 GROUP BY person_id) b
  ON a.person_id = b.person_id

-- people
SELECT count(DISTINCT a.person_id) FROM measurement a JOIN measurement b USING (person_id) WHERE a.measurement_concept_id = 3036277 AND b.measurement_concept_id = 3025315
