-- kind: vocabulary
SELECT concept_id, regexp_replace(concept_name, '[^a-zA-Z ]+', '', 'g') AS letters
FROM concept WHERE concept_name ~ '(itis|oma)$'
ORDER BY concept_id
