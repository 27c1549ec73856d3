-- kind: vocabulary
SELECT DISTINCT s.concept_code, t.concept_id, t.concept_name FROM concept_relationship r
JOIN concept s ON s.concept_id = r.concept_id_1 JOIN concept t ON t.concept_id = r.concept_id_2
WHERE r.relationship_id = 'Maps to' AND s.vocabulary_id = 'ICD9CM' AND r.invalid_reason IS NULL
