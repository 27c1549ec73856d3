-- kind: rows
SELECT * FROM person
