-- Lines and records of the stream that a quarantine table has more than once, or for a reason that does not exist.
SELECT
    COALESCE(topic, stream) AS entity,
    COALESCE(
        CONCAT('partition ', partition, ', first offset ', first_offset, ', line ', line),
        CONCAT(shard, ', record ', sequence_number)
    ) AS subject,
    CONCAT(COUNT(*), ' rows, reason ', COALESCE(MAX(reason), 'null')) AS actual,
    '1 row, with a known reason' AS expected
FROM IDENTIFIER(:quarantine_table)
GROUP BY topic, partition, first_offset, line, stream, shard, sequence_number, raw
HAVING
    COUNT(*) > 1
    OR NOT COALESCE(
        MAX(reason) IN ('not_json', 'not_an_object', 'other_entity', 'key_missing', 'key_not_an_integer'),
        FALSE
    )
ORDER BY entity, subject
