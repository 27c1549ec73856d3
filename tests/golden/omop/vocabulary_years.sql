-- kind: vocabulary
SELECT y, y / 10 * 10 AS decade FROM generate_series(1990, 2020, 5) AS g(y) ORDER BY y
