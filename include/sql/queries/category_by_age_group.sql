-- Which category is posted most by each age group: 18-24, 25-35, 36-50, 50+ (51 and over)?
-- Ties are kept. Posts without a category do not count, nor do posters of another or no age.
WITH posted AS (
    SELECT
        pins.category,
        CASE
            WHEN people.age BETWEEN 18 AND 24 THEN '18-24'
            WHEN people.age BETWEEN 25 AND 35 THEN '25-35'
            WHEN people.age BETWEEN 36 AND 50 THEN '36-50'
            WHEN people.age > 50 THEN '50+'
        END AS age_group
    FROM IDENTIFIER(:pin_batch_table) AS pins
    INNER JOIN IDENTIFIER(:user_batch_table) AS people ON pins.ind = people.ind
    WHERE pins.category IS NOT NULL
),

counted AS (
    SELECT
        age_group,
        category,
        COUNT(*) AS category_count
    FROM posted
    WHERE age_group IS NOT NULL
    GROUP BY age_group, category
),

ranked AS (
    SELECT
        age_group,
        category,
        category_count,
        RANK() OVER (PARTITION BY age_group ORDER BY category_count DESC) AS place
    FROM counted
)

SELECT
    age_group,
    category,
    category_count
FROM ranked
WHERE place = 1
ORDER BY age_group, category
