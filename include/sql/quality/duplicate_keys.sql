-- Keys that a batch table has more than once. One row a key is what every query relies on.
SELECT
    entity,
    CONCAT('ind ', ind) AS subject,
    CONCAT(COUNT(*), ' rows') AS actual,
    '1 row' AS expected
FROM (
    SELECT
        'pin' AS entity,
        ind
    FROM IDENTIFIER(:pin_table)
    UNION ALL
    SELECT
        'geo' AS entity,
        ind
    FROM IDENTIFIER(:geo_table)
    UNION ALL
    SELECT
        'user' AS entity,
        ind
    FROM IDENTIFIER(:user_table)
) AS keyed
GROUP BY entity, ind
HAVING COUNT(*) > 1
ORDER BY entity, subject
