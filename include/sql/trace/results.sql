-- What decides whether a post counts in a query, of the batch tables: what a query groups by, and whether the rest is
-- there. Not the rest itself.
WITH wanted AS (
    SELECT CAST(:ind AS BIGINT) AS ind
)

SELECT
    pins.ind IS NOT NULL AS has_pin,
    places.ind IS NOT NULL AS has_geo,
    people.ind IS NOT NULL AS has_user,
    pins.category,
    pins.poster_name IS NOT NULL AS has_poster,
    pins.follower_count IS NOT NULL AS has_followers,
    places.country,
    YEAR(places.timestamp) AS post_year,
    CASE
        WHEN people.age BETWEEN 18 AND 24 THEN '18-24'
        WHEN people.age BETWEEN 25 AND 35 THEN '25-35'
        WHEN people.age BETWEEN 36 AND 50 THEN '36-50'
        WHEN people.age > 50 THEN '50+'
    END AS age_group,
    YEAR(people.date_joined) AS joining_year
FROM wanted
LEFT JOIN IDENTIFIER(:pin_batch_table) AS pins ON wanted.ind = pins.ind
LEFT JOIN IDENTIFIER(:geo_batch_table) AS places ON wanted.ind = places.ind
LEFT JOIN IDENTIFIER(:user_batch_table) AS people ON wanted.ind = people.ind
