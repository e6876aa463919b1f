-- By entity: the counts of all micro-batches together, beside the rows that its stream table has.
-- Rows of a batch that died before it was counted wait for the next one: the row recorded last says how many.
WITH counted AS (
    SELECT
        'pin' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:pin_stream_table)
    UNION ALL
    SELECT
        'geo' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:geo_stream_table)
    UNION ALL
    SELECT
        'user' AS entity,
        COUNT(*) AS table_rows
    FROM IDENTIFIER(:user_stream_table)
),

batches AS (
    SELECT
        entity,
        SUM(lines_read) AS lines_read,
        SUM(kept) AS kept,
        SUM(merged) AS merged,
        SUM(quarantined) AS quarantined,
        MAX_BY(uncounted, recorded_at) AS uncounted
    FROM IDENTIFIER(:ledger_table)
    WHERE stage = 'stream'
    GROUP BY entity
)

SELECT
    counted.entity,
    counted.table_rows,
    COALESCE(batches.lines_read, 0) AS lines_read,
    COALESCE(batches.kept, 0) AS kept,
    COALESCE(batches.merged, 0) AS merged,
    COALESCE(batches.quarantined, 0) AS quarantined,
    COALESCE(batches.uncounted, 0) AS uncounted
FROM counted
LEFT JOIN batches ON counted.entity = batches.entity
ORDER BY counted.entity
