-- By entity: rows of its batch table and of its quarantine, and when a run has last recorded what it did to them, in
-- seconds since 1970; null when none has.
WITH counted AS (
    SELECT
        'pin' AS entity,
        (SELECT COUNT(*) FROM IDENTIFIER(:pin_batch_table)) AS table_rows,
        (SELECT COUNT(*) FROM IDENTIFIER(:pin_quarantine_table)) AS quarantine_rows
    UNION ALL
    SELECT
        'geo' AS entity,
        (SELECT COUNT(*) FROM IDENTIFIER(:geo_batch_table)) AS table_rows,
        (SELECT COUNT(*) FROM IDENTIFIER(:geo_quarantine_table)) AS quarantine_rows
    UNION ALL
    SELECT
        'user' AS entity,
        (SELECT COUNT(*) FROM IDENTIFIER(:user_batch_table)) AS table_rows,
        (SELECT COUNT(*) FROM IDENTIFIER(:user_quarantine_table)) AS quarantine_rows
),

written AS (
    SELECT
        entity,
        MAX(UNIX_SECONDS(recorded_at)) AS written_at
    FROM IDENTIFIER(:ledger_table)
    WHERE stage = 'batch'
    GROUP BY entity
)

SELECT
    counted.entity,
    counted.table_rows,
    counted.quarantine_rows,
    written.written_at
FROM counted
LEFT JOIN written ON counted.entity = written.entity
ORDER BY counted.entity
