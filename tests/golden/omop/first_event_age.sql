-- kind: aggregate
SELECT p.gender_concept_id, count(*) AS people, avg(date_part('year', f.first_date) - p.year_of_birth) AS mean_age
FROM (SELECT person_id, min(condition_start_date) AS first_date FROM condition_occurrence WHERE condition_concept_id = 316866 GROUP BY person_id) f
JOIN person p ON p.person_id = f.person_id GROUP BY p.gender_concept_id

-- people
SELECT p.gender_concept_id, count(DISTINCT p.person_id) FROM condition_occurrence JOIN person p USING (person_id) WHERE condition_concept_id = 316866 GROUP BY 1
