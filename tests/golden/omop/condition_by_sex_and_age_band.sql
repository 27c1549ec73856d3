-- kind: aggregate
SELECT p.gender_concept_id, floor((date_part('year', o.condition_start_date) - p.year_of_birth) / 20) * 20 AS age_band, count(*) AS records
FROM condition_occurrence o JOIN person p ON p.person_id = o.person_id
WHERE o.condition_concept_id = 40481087 GROUP BY 1, 2

-- people
SELECT p.gender_concept_id, floor((date_part('year', o.condition_start_date) - p.year_of_birth) / 20) * 20, count(DISTINCT p.person_id)
FROM condition_occurrence o JOIN person p ON p.person_id = o.person_id WHERE o.condition_concept_id = 40481087 GROUP BY 1, 2
