-- Runs whose counts do not agree: every line read was landed new or read again, and was kept, merged or quarantined.
-- A run has landed less than nothing when the object that it read again has become shorter: what that object lost was
-- counted before, and is counted anew where it lies now. All runs of an entity together never have. What a replay has
-- read was kept, merged or is still quarantined.
SELECT
    entity,
    CONCAT('run ', run_id) AS subject,
    CONCAT(
        'lines_read ', lines_read, ', landed ', landed, ', reread ', reread,
        ', kept ', kept, ', merged ', merged, ', quarantined ', quarantined
    ) AS actual,
    'lines_read = landed + reread = kept + merged + quarantined, none but landed below 0' AS expected
FROM IDENTIFIER(:ledger_table)
WHERE
    stage = 'batch'
    AND NOT COALESCE(
        lines_read = landed + reread
        AND lines_read = kept + merged + quarantined
        AND LEAST(lines_read, reread, kept, merged, quarantined) >= 0,
        FALSE
    )
UNION ALL
SELECT
    entity,
    'all runs' AS subject,
    CONCAT('landed ', SUM(landed)) AS actual,
    'landed 0 or more' AS expected
FROM IDENTIFIER(:ledger_table)
WHERE stage = 'batch'
GROUP BY entity
HAVING SUM(landed) < 0
UNION ALL
SELECT
    entity,
    CONCAT('query ', checkpoint, ', batch ', batch_id) AS subject,
    CONCAT('lines_read ', lines_read, ', kept ', kept, ', merged ', merged, ', quarantined ', quarantined) AS actual,
    'lines_read = kept + merged + quarantined, none below 0' AS expected
FROM IDENTIFIER(:ledger_table)
WHERE
    stage = 'stream'
    AND NOT COALESCE(
        lines_read = kept + merged + quarantined AND LEAST(lines_read, kept, merged, quarantined) >= 0, FALSE
    )
UNION ALL
SELECT
    entity,
    CONCAT(stage, ' ', run_id) AS subject,
    CONCAT('lines_read ', lines_read, ', kept ', kept, ', merged ', merged, ', quarantined ', quarantined) AS actual,
    'lines_read = kept + merged + quarantined, none below 0' AS expected
FROM IDENTIFIER(:ledger_table)
WHERE
    stage IN ('replay', 'stream_replay')
    AND NOT COALESCE(
        lines_read = kept + merged + quarantined AND LEAST(lines_read, kept, merged, quarantined) >= 0, FALSE
    )
ORDER BY entity, subject
