-- kind: aggregate
SELECT count(*) AS eras, count(DISTINCT person_id) AS people FROM drug_era

-- people
SELECT count(DISTINCT person_id) FROM drug_era
