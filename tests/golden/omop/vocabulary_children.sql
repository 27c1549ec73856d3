-- kind: vocabulary
SELECT d.concept_id, d.concept_name FROM concept_ancestor a JOIN concept d ON d.concept_id = a.descendant_concept_id
WHERE a.ancestor_concept_id = 316866 AND a.min_levels_of_separation = 1
