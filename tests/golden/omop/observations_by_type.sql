-- kind: aggregate
SELECT observation_concept_id, observation_type_concept_id, count(*) AS n FROM observation GROUP BY 1, 2

-- people
SELECT observation_concept_id, observation_type_concept_id, count(DISTINCT person_id) FROM observation GROUP BY 1, 2
