-- kind: aggregate
SELECT c.concept_name, count(*) AS n FROM drug_exposure d JOIN provider p ON p.provider_id = d.provider_id
JOIN concept c ON c.concept_id = p.specialty_concept_id GROUP BY c.concept_name

-- people
SELECT c.concept_name, 0 FROM concept c WHERE false
