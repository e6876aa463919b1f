-- Keys that a batch table has more than once. One row a key is what every query relies on.
-- Only what was written since the last check that passed can have doubled a key: those keys are counted.
SELECT
    entity,
    CONCAT('ind ', ind) AS subject,
    CONCAT(COUNT(*), ' rows') AS actual,
    '1 row' AS expected
FROM (
    SELECT
        'pin' AS entity,
        present.ind
    FROM IDENTIFIER(:pin_batch_table) AS present
    LEFT SEMI JOIN IDENTIFIER(:pin_batch_table) AS written
        ON present.ind = written.ind AND written._first_offset >= :pin_unchecked
    UNION ALL
    SELECT
        'geo' AS entity,
        present.ind
    FROM IDENTIFIER(:geo_batch_table) AS present
    LEFT SEMI JOIN IDENTIFIER(:geo_batch_table) AS written
        ON present.ind = written.ind AND written._first_offset >= :geo_unchecked
    UNION ALL
    SELECT
        'user' AS entity,
        present.ind
    FROM IDENTIFIER(:user_batch_table) AS present
    LEFT SEMI JOIN IDENTIFIER(:user_batch_table) AS written
        ON present.ind = written.ind AND written._first_offset >= :user_unchecked
) AS keyed
GROUP BY entity, ind
HAVING COUNT(*) > 1
ORDER BY entity, subject
