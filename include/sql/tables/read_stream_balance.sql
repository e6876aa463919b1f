-- By entity: the counts of all micro-batches together, beside the rows that its stream table has and what bursts have
-- put into its stream. Keys that replays have brought into the table are apart, as `replayed`.
-- Rows of a batch that died before it was counted wait for the next one: the row recorded last says how many.
-- Only bursts that were recorded before :begun count, so that all of their records were there when the run began.
-- What :run_id itself has written off is left out, so that each of its tries finds the same.
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
        SUM(CASE WHEN stage = 'stream' THEN lines_read END) AS lines_read,
        SUM(CASE WHEN stage = 'stream' THEN kept END) AS kept,
        SUM(CASE WHEN stage = 'stream' THEN merged END) AS merged,
        SUM(CASE WHEN stage = 'stream' THEN quarantined END) AS quarantined,
        SUM(CASE WHEN stage = 'stream_replay' THEN kept END) AS replayed,
        MAX_BY(uncounted, recorded_at) AS uncounted
    FROM IDENTIFIER(:ledger_table)
    WHERE stage IN ('stream', 'stream_replay')
    GROUP BY entity
),

bursts AS (
    SELECT
        entity,
        SUM(CASE WHEN stage = 'stream_burst' AND recorded_at < CAST(:begun AS TIMESTAMP) THEN acknowledged END)
            AS acknowledged,
        SUM(CASE WHEN stage = 'stream_loss' AND run_id <> :run_id THEN acknowledged END) AS written_off
    FROM IDENTIFIER(:ledger_table)
    WHERE stage IN ('stream_burst', 'stream_loss')
    GROUP BY entity
)

SELECT
    counted.entity,
    counted.table_rows,
    COALESCE(batches.lines_read, 0) AS lines_read,
    COALESCE(batches.kept, 0) AS kept,
    COALESCE(batches.merged, 0) AS merged,
    COALESCE(batches.quarantined, 0) AS quarantined,
    COALESCE(batches.replayed, 0) AS replayed,
    COALESCE(batches.uncounted, 0) AS uncounted,
    COALESCE(bursts.acknowledged, 0) AS acknowledged,
    COALESCE(bursts.written_off, 0) AS written_off
FROM counted
LEFT JOIN batches ON counted.entity = batches.entity
LEFT JOIN bursts ON counted.entity = bursts.entity
ORDER BY counted.entity
