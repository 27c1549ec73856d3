-- kind: aggregate
SELECT sum(CASE WHEN condition_end_date IS NULL THEN 1 ELSE 0 END) AS open_records, count(*) AS records FROM condition_occurrence

-- people
SELECT count(DISTINCT person_id) FROM condition_occurrence WHERE condition_end_date IS NULL
