-- kind: aggregate
SELECT m.measurement_concept_id, count(*) AS n, avg(m.value_as_number) AS mean, stddev(m.value_as_number) AS spread,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY m.value_as_number) AS median
FROM measurement m WHERE m.measurement_concept_id IN (3036277, 3025315, 3024929) GROUP BY m.measurement_concept_id

-- people
SELECT measurement_concept_id, count(DISTINCT person_id) FROM measurement WHERE measurement_concept_id IN (3036277, 3025315, 3024929) GROUP BY 1
