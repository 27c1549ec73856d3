-- kind: vocabulary
SELECT count(*) AS valid FROM concept WHERE current_date BETWEEN valid_start_date AND valid_end_date AND standard_concept = 'S'
