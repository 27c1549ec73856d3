-- kind: aggregate
WITH first_visit AS (SELECT person_id, min(visit_start_date) AS visited FROM visit_occurrence GROUP BY person_id),
first_condition AS (SELECT person_id, min(condition_start_date) AS diagnosed FROM condition_occurrence GROUP BY person_id)
SELECT gender_concept_id, count(DISTINCT person_id) AS people, avg(diagnosed - visited) AS days
FROM person JOIN first_visit USING (person_id) JOIN first_condition USING (person_id)
  JOIN observation_period USING (person_id) LEFT JOIN death USING (person_id)
WHERE person_id IS NOT NULL GROUP BY gender_concept_id

-- people
WITH first_visit AS (SELECT person_id, min(visit_start_date) AS visited FROM visit_occurrence GROUP BY person_id),
first_condition AS (SELECT person_id, min(condition_start_date) AS diagnosed FROM condition_occurrence GROUP BY person_id)
SELECT gender_concept_id, count(DISTINCT person_id) FROM person JOIN first_visit USING (person_id)
  JOIN first_condition USING (person_id) JOIN observation_period USING (person_id) GROUP BY 1
