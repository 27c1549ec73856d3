-- kind: rows
SELECT visit_start_date, row_number() OVER (ORDER BY visit_start_date) AS n FROM visit_occurrence
