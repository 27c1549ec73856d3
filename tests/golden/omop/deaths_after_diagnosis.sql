-- kind: aggregate
SELECT count(DISTINCT o.person_id) AS diagnosed, sum(CASE WHEN d.person_id IS NULL THEN 0 ELSE 1 END) AS died
FROM condition_occurrence o LEFT JOIN death d ON d.person_id = o.person_id AND d.death_date <= o.condition_start_date + 365
WHERE o.condition_concept_id = 316866

-- people
SELECT count(DISTINCT person_id) FROM condition_occurrence WHERE condition_concept_id = 316866
