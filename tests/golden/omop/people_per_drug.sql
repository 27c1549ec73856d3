-- kind: aggregate
SELECT c.concept_name AS drug, count(*) AS exposures, count(DISTINCT e.person_id) AS people
FROM drug_exposure e, concept c WHERE c.concept_id = e.drug_concept_id AND c.domain_id = 'Drug' AND c.standard_concept = 'S'
GROUP BY c.concept_name ORDER BY people DESC LIMIT 20

-- people
SELECT c.concept_name, count(DISTINCT e.person_id) FROM drug_exposure e, concept c
WHERE c.concept_id = e.drug_concept_id AND c.domain_id = 'Drug' AND c.standard_concept = 'S' GROUP BY 1
