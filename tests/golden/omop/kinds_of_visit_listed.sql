-- kind: aggregate
SELECT kinds, count(*) AS people
FROM (
  SELECT person_id, string_agg(DISTINCT CAST(visit_concept_id AS varchar), '+' ORDER BY CAST(visit_concept_id AS varchar)) AS kinds
  FROM visit_occurrence GROUP BY person_id
) t
GROUP BY kinds ORDER BY people DESC, kinds
-- people
SELECT kinds, count(*) FROM (
  SELECT person_id, string_agg(DISTINCT CAST(visit_concept_id AS varchar), '+' ORDER BY CAST(visit_concept_id AS varchar)) AS kinds
  FROM visit_occurrence GROUP BY person_id
) t GROUP BY kinds
