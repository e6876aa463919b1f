-- What one run of the stream ingest was the first to count, by entity. An entity of which it read nothing has no row.
SELECT
    entity,
    COUNT(*) AS batches,
    SUM(lines_read) AS lines_read,
    SUM(kept) AS kept,
    SUM(merged) AS merged,
    SUM(quarantined) AS quarantined
FROM IDENTIFIER(:ledger_table)
WHERE run_id = :run_id AND stage = 'stream'
GROUP BY entity
ORDER BY entity
