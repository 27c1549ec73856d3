-- kind: refused unsupported
SELECT string_agg(gender_source_value, ',') AS x FROM person
