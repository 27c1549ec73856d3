-- kind: aggregate
SELECT floor(value_as_number) AS band, count(DISTINCT person_id) AS people
FROM measurement WHERE measurement_concept_id = 3024929 GROUP BY floor(value_as_number) ORDER BY band

-- people
SELECT floor(value_as_number), count(DISTINCT person_id) FROM measurement WHERE measurement_concept_id = 3024929 GROUP BY 1
