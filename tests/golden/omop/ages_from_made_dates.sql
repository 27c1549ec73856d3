-- kind: aggregate
SELECT p.gender_concept_id, avg(extract(year FROM age(v.visit_start_date, make_date(p.year_of_birth, 7, 1)))) AS age
FROM visit_occurrence v JOIN person p USING (person_id) GROUP BY p.gender_concept_id

-- people
SELECT p.gender_concept_id, count(DISTINCT person_id) FROM visit_occurrence v JOIN person p USING (person_id) GROUP BY 1
