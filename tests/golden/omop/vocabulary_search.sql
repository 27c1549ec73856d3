-- kind: vocabulary
SELECT concept_id, concept_name, vocabulary_id FROM concept WHERE lower(concept_name) LIKE '%sinusitis%' ORDER BY concept_id
