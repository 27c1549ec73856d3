-- kind: vocabulary
SELECT concept_id, concept_name, concept_class_id FROM concept WHERE concept_code IN ('40481087', '444814009') AND vocabulary_id = 'SNOMED' AND invalid_reason IS NULL
