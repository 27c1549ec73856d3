-- kind: aggregate
-- may be suppressed: mean
SELECT avg(drugs) AS mean, median(drugs) AS median FROM (
  SELECT p.person_id, coalesce(d.n, 0) AS drugs FROM person p
  LEFT JOIN (SELECT person_id, count(DISTINCT drug_concept_id) AS n FROM drug_exposure GROUP BY person_id) d ON d.person_id = p.person_id) AS t

-- people
SELECT count(*) FROM person
