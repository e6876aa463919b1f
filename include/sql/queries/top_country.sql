-- In which country does the most followed poster of all post?
-- Ties are kept: a row for each country and each poster that reaches the highest follower count. Posts without a
-- poster, a follower count or a country do not count.
WITH followed AS (
    SELECT
        places.country,
        pins.poster_name,
        MAX(pins.follower_count) AS follower_count
    FROM IDENTIFIER(:pin_batch_table) AS pins
    INNER JOIN IDENTIFIER(:geo_batch_table) AS places ON pins.ind = places.ind
    WHERE pins.poster_name IS NOT NULL AND pins.follower_count IS NOT NULL AND places.country IS NOT NULL
    GROUP BY places.country, pins.poster_name
),

ranked AS (
    SELECT
        country,
        poster_name,
        follower_count,
        RANK() OVER (ORDER BY follower_count DESC) AS place
    FROM followed
)

SELECT
    country,
    poster_name,
    follower_count
FROM ranked
WHERE place = 1
ORDER BY country, poster_name
