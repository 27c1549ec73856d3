-- kind: vocabulary
SELECT domain_id, vocabulary_id, count(*) AS concepts FROM concept GROUP BY domain_id, vocabulary_id ORDER BY 1, 2
