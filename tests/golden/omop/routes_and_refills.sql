-- kind: aggregate
-- may be suppressed: refills
SELECT route_concept_id, sum(refills) AS refills, count(*) AS records FROM drug_exposure GROUP BY route_concept_id

-- people
SELECT route_concept_id, count(DISTINCT person_id) FROM drug_exposure GROUP BY 1
