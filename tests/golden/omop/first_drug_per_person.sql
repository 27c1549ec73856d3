-- kind: refused pseudonym-use
SELECT drug_concept_id, count(*) AS people FROM (
  SELECT DISTINCT ON (person_id) person_id, drug_concept_id FROM drug_exposure ORDER BY person_id, drug_exposure_start_date, drug_exposure_id) AS f
GROUP BY drug_concept_id
