-- Runs whose counts do not agree: every line read was landed new or read again, and was kept, merged or quarantined.
SELECT
    entity,
    CONCAT('run ', run_id) AS subject,
    CONCAT(
        'lines_read ', lines_read, ', landed ', landed, ', reread ', reread,
        ', kept ', kept, ', merged ', merged, ', quarantined ', quarantined
    ) AS actual,
    'lines_read = landed + reread = kept + merged + quarantined, none below 0' AS expected
FROM IDENTIFIER(:ledger_table)
WHERE
    stage = 'batch'
    AND NOT COALESCE(
        lines_read = landed + reread
        AND lines_read = kept + merged + quarantined
        AND LEAST(lines_read, landed, reread, kept, merged, quarantined) >= 0,
        FALSE
    )
ORDER BY entity, subject
