-- Batch tables whose number of rows is not the number of keys that all runs together say they kept.
-- Rows of a run that died may wait for the next one: the row recorded last says how many. Replays insert rows as well.
WITH counted AS (
    SELECT
        'pin' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:pin_batch_table)
    UNION ALL
    SELECT
        'geo' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:geo_batch_table)
    UNION ALL
    SELECT
        'user' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:user_batch_table)
),

kept AS (
    SELECT
        entity,
        SUM(kept) AS kept_rows,
        COALESCE(MAX_BY(uncounted, recorded_at), 0) AS uncounted_rows
    FROM IDENTIFIER(:ledger_table)
    WHERE stage IN ('batch', 'replay')
    GROUP BY entity
)

SELECT
    counted.entity,
    'rows of the batch table' AS subject,
    CONCAT(counted.table_rows, ' rows') AS actual,
    CONCAT(
        COALESCE(kept.kept_rows, 0), ' kept by all runs, ',
        COALESCE(kept.uncounted_rows, 0), ' waiting for the next'
    ) AS expected
FROM counted
LEFT JOIN kept ON counted.entity = kept.entity
WHERE counted.table_rows <> COALESCE(kept.kept_rows + kept.uncounted_rows, 0)
ORDER BY counted.entity
