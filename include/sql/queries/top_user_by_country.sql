-- Who is the most followed poster in each country?
-- A poster stands once in a country, with the highest follower count of its posts there. Ties are kept. Posts without
-- a poster, a follower count or a country do not count; a country with none other has no row.
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
        RANK() OVER (PARTITION BY country ORDER BY follower_count DESC) AS place
    FROM followed
)

SELECT
    country,
    poster_name,
    follower_count
FROM ranked
WHERE place = 1
ORDER BY country, poster_name
