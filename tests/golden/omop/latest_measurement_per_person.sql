-- kind: aggregate
WITH latest AS (SELECT person_id, value_as_number, row_number() OVER (PARTITION BY person_id ORDER BY measurement_date DESC, value_as_number) AS n
                FROM measurement WHERE measurement_concept_id = 3025315 AND value_as_number IS NOT NULL)
SELECT p.gender_concept_id, avg(l.value_as_number) AS mean, count(*) AS people
FROM latest l JOIN person p USING (person_id) WHERE l.n = 1 GROUP BY p.gender_concept_id

-- people
SELECT gender_concept_id, count(DISTINCT m.person_id) FROM measurement m JOIN person p USING (person_id)
WHERE measurement_concept_id = 3025315 AND value_as_number IS NOT NULL GROUP BY 1
