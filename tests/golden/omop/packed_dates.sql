-- kind: held
SELECT sum((visit_end_date - visit_start_date) * (visit_end_date - visit_start_date)) AS squares,
       sum(visit_start_date - DATE '1900-01-01') AS moved FROM visit_occurrence
