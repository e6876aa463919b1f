-- Which category was posted most in each year from 2018 to 2022, over all countries?
-- Ties are kept. Posts without a category or a time do not count; a year without posts has no row.
WITH counted AS (
    SELECT
        pins.category,
        YEAR(places.timestamp) AS post_year,
        COUNT(*) AS category_count
    FROM IDENTIFIER(:pin_batch_table) AS pins
    INNER JOIN IDENTIFIER(:geo_batch_table) AS places ON pins.ind = places.ind
    WHERE pins.category IS NOT NULL AND YEAR(places.timestamp) BETWEEN 2018 AND 2022
    GROUP BY YEAR(places.timestamp), pins.category
),

ranked AS (
    SELECT
        post_year,
        category,
        category_count,
        RANK() OVER (PARTITION BY post_year ORDER BY category_count DESC) AS place
    FROM counted
)

SELECT
    post_year,
    category,
    category_count
FROM ranked
WHERE place = 1
ORDER BY post_year, category
