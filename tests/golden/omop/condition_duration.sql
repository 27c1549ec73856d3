-- kind: aggregate
SELECT condition_concept_id, avg(condition_end_date - condition_start_date) AS mean_days, count(condition_end_date) AS ended
FROM condition_occurrence WHERE condition_concept_id IN (40481087, 4112343, 260139) GROUP BY condition_concept_id

-- people
SELECT condition_concept_id, count(DISTINCT person_id) FROM condition_occurrence WHERE condition_concept_id IN (40481087, 4112343, 260139) AND condition_end_date IS NOT NULL GROUP BY 1
