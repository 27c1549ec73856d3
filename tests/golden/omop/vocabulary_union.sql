-- kind: vocabulary
SELECT concept_id, 'drug' AS kind FROM concept WHERE domain_id = 'Drug' AND concept_name LIKE '%vaccine%'
UNION ALL SELECT concept_id, 'visit' FROM concept WHERE domain_id = 'Visit' ORDER BY concept_id
