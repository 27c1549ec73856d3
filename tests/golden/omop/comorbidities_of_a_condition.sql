-- kind: aggregate
SELECT c.concept_name AS comorbidity, count(DISTINCT other.person_id) AS people
FROM condition_occurrence index_event
JOIN condition_occurrence other ON other.person_id = index_event.person_id AND other.condition_concept_id <> index_event.condition_concept_id
JOIN concept c ON c.concept_id = other.condition_concept_id
WHERE index_event.condition_concept_id = 316866 GROUP BY c.concept_name ORDER BY people DESC

-- people
SELECT c.concept_name, count(DISTINCT o.person_id) FROM condition_occurrence i JOIN condition_occurrence o ON o.person_id = i.person_id
AND o.condition_concept_id <> i.condition_concept_id JOIN concept c ON c.concept_id = o.condition_concept_id WHERE i.condition_concept_id = 316866 GROUP BY 1
