-- kind: vocabulary
SELECT concept_id, upper(substr(concept_name, 1, 10)) AS beginning, char_length(concept_name) AS letters FROM concept
WHERE char_length(concept_name) > 60 ORDER BY letters DESC, concept_id LIMIT 5
