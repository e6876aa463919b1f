-- Which category is posted most in each country?
-- Ties are kept: a country has a row for each of its most posted categories. Posts without a category or a country do
-- not count.
WITH counted AS (
    SELECT
        places.country,
        pins.category,
        COUNT(*) AS category_count
    FROM IDENTIFIER(:pin_batch_table) AS pins
    INNER JOIN IDENTIFIER(:geo_batch_table) AS places ON pins.ind = places.ind
    WHERE pins.category IS NOT NULL AND places.country IS NOT NULL
    GROUP BY places.country, pins.category
),

ranked AS (
    SELECT
        country,
        category,
        category_count,
        RANK() OVER (PARTITION BY country ORDER BY category_count DESC) AS place
    FROM counted
)

SELECT
    country,
    category,
    category_count
FROM ranked
WHERE place = 1
ORDER BY country, category
