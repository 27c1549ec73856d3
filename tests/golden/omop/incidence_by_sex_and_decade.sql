-- kind: aggregate
WITH first_event AS (
  SELECT person_id, condition_start_date, row_number() OVER (PARTITION BY person_id ORDER BY condition_start_date) AS n
  FROM condition_occurrence WHERE condition_concept_id = 4112343
)
SELECT p.gender_concept_id, date_part('year', f.condition_start_date) / 10 AS decade_part, count(*) AS people
FROM first_event f JOIN person p USING (person_id)
WHERE f.n = 1 AND f.condition_start_date >= '2008-01-01' GROUP BY p.gender_concept_id, date_part('year', f.condition_start_date) / 10

-- people
SELECT p.gender_concept_id, date_part('year', f) / 10, count(*)
FROM (SELECT person_id, min(condition_start_date) AS f FROM condition_occurrence WHERE condition_concept_id = 4112343 GROUP BY 1) JOIN person p USING (person_id)
WHERE f >= '2008-01-01' GROUP BY 1, 2
