-- One run's rows of one stage in the ledger.
SELECT
    entity,
    sent,
    acknowledged,
    landed,
    dead_lettered,
    lines_read,
    reread,
    kept,
    merged,
    quarantined
FROM IDENTIFIER(:ledger_table)
WHERE run_id = :run_id AND stage = :stage
ORDER BY entity
