-- kind: vocabulary
SELECT domain_id, count(*) AS concepts, string_agg(concept_name, '; ' ORDER BY concept_name) AS names
FROM concept WHERE domain_id IN ('Gender', 'Visit', 'Unit') GROUP BY domain_id ORDER BY domain_id
