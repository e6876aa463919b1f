-- By entity: records that bursts have put into its stream and no run of the ingest has read or written off, counted as
-- by tables/read_unread_stream_records.sql; and those that runs have read or written off, which grow with each run that
-- reads.
SELECT
    entity,
    GREATEST(
        SUM(CASE WHEN stage = 'stream_burst' THEN acknowledged ELSE 0 END)
        - SUM(CASE WHEN stage = 'stream' THEN lines_read ELSE 0 END)
        - SUM(CASE WHEN stage = 'stream_loss' THEN acknowledged ELSE 0 END),
        0
    ) AS unread,
    SUM(CASE stage WHEN 'stream' THEN lines_read WHEN 'stream_loss' THEN acknowledged ELSE 0 END) AS handled
FROM IDENTIFIER(:ledger_table)
WHERE stage IN ('stream_burst', 'stream', 'stream_loss')
GROUP BY entity
ORDER BY entity
