-- Batch tables whose number of rows is not the number of keys that all runs together say they kept.
WITH counted AS (
    SELECT
        'pin' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:pin_table)
    UNION ALL
    SELECT
        'geo' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:geo_table)
    UNION ALL
    SELECT
        'user' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:user_table)
),

kept AS (
    SELECT
        entity,
        SUM(kept) AS kept_rows
    FROM IDENTIFIER(:ledger_table)
    WHERE stage = 'batch'
    GROUP BY entity
)

SELECT
    counted.entity,
    'rows of the batch table' AS subject,
    CONCAT(counted.table_rows, ' rows') AS actual,
    CONCAT(COALESCE(kept.kept_rows, 0), ' kept by all runs') AS expected
FROM counted
LEFT JOIN kept ON counted.entity = kept.entity
WHERE counted.table_rows <> COALESCE(kept.kept_rows, 0)
ORDER BY counted.entity
