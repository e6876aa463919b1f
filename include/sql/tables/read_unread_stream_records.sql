-- By entity: records that bursts have put into its stream, and no run of the ingest has read or written off.
-- Records of others, and those that were read twice, are read beside them: they may hide some, but never make up any.
WITH counted AS (
    SELECT
        entity,
        SUM(CASE WHEN stage = 'stream_burst' THEN acknowledged ELSE 0 END) AS acknowledged,
        SUM(CASE WHEN stage = 'stream' THEN lines_read ELSE 0 END) AS lines_read,
        SUM(CASE WHEN stage = 'stream_loss' THEN acknowledged ELSE 0 END) AS written_off
    FROM IDENTIFIER(:ledger_table)
    WHERE stage IN ('stream_burst', 'stream', 'stream_loss')
    GROUP BY entity
)

SELECT
    entity,
    acknowledged - lines_read - written_off AS unread
FROM counted
WHERE acknowledged > lines_read + written_off
ORDER BY entity
