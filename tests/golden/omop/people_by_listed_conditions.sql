-- kind: aggregate
SELECT count(DISTINCT person_id) AS people FROM condition_occurrence
WHERE condition_concept_id = ANY(ARRAY[40481087, 4112343]) AND condition_start_date BETWEEN DATE '2010-01-01' AND DATE '2019-12-31'

-- people
SELECT count(DISTINCT person_id) FROM condition_occurrence
WHERE condition_concept_id IN (40481087, 4112343) AND condition_start_date BETWEEN '2010-01-01' AND '2019-12-31'
