-- kind: held
SELECT sum(2020 - year_of_birth) AS years FROM person
