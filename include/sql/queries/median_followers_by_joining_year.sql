-- What is the median follower count of the posts of users who joined in each year from 2015 to 2020?
-- The lower median: of an even number of posts the lesser of the two in the middle. Posts without a follower count do
-- not count; a year without posts has no row.
SELECT
    YEAR(people.date_joined) AS joining_year,
    CAST(PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY pins.follower_count) AS BIGINT) AS median_follower_count
FROM IDENTIFIER(:pin_batch_table) AS pins
INNER JOIN IDENTIFIER(:user_batch_table) AS people ON pins.ind = people.ind
WHERE pins.follower_count IS NOT NULL AND YEAR(people.date_joined) BETWEEN 2015 AND 2020
GROUP BY YEAR(people.date_joined)
ORDER BY joining_year
