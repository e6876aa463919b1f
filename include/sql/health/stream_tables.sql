-- By entity: rows of its stream table and of its quarantine, and when a micro-batch was last recorded that wrote them,
-- in seconds since 1970; null when none was.
WITH counted AS (
    SELECT
        'pin' AS entity,
        (SELECT COUNT(*) FROM IDENTIFIER(:pin_stream_table)) AS table_rows,
        (SELECT COUNT(*) FROM IDENTIFIER(:pin_quarantine_table)) AS quarantine_rows
    UNION ALL
    SELECT
        'geo' AS entity,
        (SELECT COUNT(*) FROM IDENTIFIER(:geo_stream_table)) AS table_rows,
        (SELECT COUNT(*) FROM IDENTIFIER(:geo_quarantine_table)) AS quarantine_rows
    UNION ALL
    SELECT
        'user' AS entity,
        (SELECT COUNT(*) FROM IDENTIFIER(:user_stream_table)) AS table_rows,
        (SELECT COUNT(*) FROM IDENTIFIER(:user_quarantine_table)) AS quarantine_rows
),

written AS (
    SELECT
        entity,
        MAX(UNIX_SECONDS(recorded_at)) AS written_at
    FROM IDENTIFIER(:ledger_table)
    WHERE stage = 'stream'
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
