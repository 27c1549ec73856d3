-- kind: refused equality-not-permitted
SELECT count(*) AS n FROM person WHERE year_of_birth = 1974 AND month_of_birth = 12 AND day_of_birth = 6
