-- Where the daily runs have ended: the last processed object of each partition.
SELECT
    topic,
    `partition`,
    first_offset,
    object_key,
    lines
FROM IDENTIFIER(:positions_table)
ORDER BY topic, `partition`
