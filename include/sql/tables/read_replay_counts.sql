-- What a replay has recorded, by entity, of its batch and its stream table together. An entity of which it read nothing
-- has no row.
SELECT
    entity,
    SUM(lines_read) AS lines_read,
    SUM(dead_lettered) AS dead_letters,
    SUM(kept) AS kept,
    SUM(merged) AS merged,
    SUM(quarantined) AS quarantined
FROM IDENTIFIER(:ledger_table)
WHERE run_id = :run_id AND stage IN ('replay', 'stream_replay')
GROUP BY entity
ORDER BY entity
