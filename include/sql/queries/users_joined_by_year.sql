-- How many users joined in each year from 2015 to 2020?
-- Persons are counted, not rows and not names: a person is a first name, a last name, an age and a time of joining,
-- and has a row for each of its posts. A year in which nobody joined has no row.
SELECT
    YEAR(date_joined) AS joining_year,
    COUNT(DISTINCT STRUCT(first_name, last_name, age, date_joined)) AS number_users_joined
FROM IDENTIFIER(:user_batch_table)
WHERE YEAR(date_joined) BETWEEN 2015 AND 2020
GROUP BY YEAR(date_joined)
ORDER BY joining_year
