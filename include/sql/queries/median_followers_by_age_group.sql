-- What is the median follower count of the posts of each age group: 18-24, 25-35, 36-50, 50+ (51 and over)?
-- The lower median: of an even number of posts the lesser of the two in the middle. Posts without a follower count do
-- not count, nor do posters of another or no age; a group without posts has no row.
WITH posted AS (
    SELECT
        pins.follower_count,
        CASE
            WHEN people.age BETWEEN 18 AND 24 THEN '18-24'
            WHEN people.age BETWEEN 25 AND 35 THEN '25-35'
            WHEN people.age BETWEEN 36 AND 50 THEN '36-50'
            WHEN people.age > 50 THEN '50+'
        END AS age_group
    FROM IDENTIFIER(:pin_batch_table) AS pins
    INNER JOIN IDENTIFIER(:user_batch_table) AS people ON pins.ind = people.ind
    WHERE pins.follower_count IS NOT NULL
)

SELECT
    age_group,
    CAST(PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY follower_count) AS BIGINT) AS median_follower_count
FROM posted
WHERE age_group IS NOT NULL
GROUP BY age_group
ORDER BY age_group
