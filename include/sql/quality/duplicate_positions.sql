-- Partitions that the ingest has more than one mark for.
SELECT
    topic AS entity,
    CONCAT('partition ', partition) AS subject,
    CONCAT(COUNT(*), ' marks') AS actual,
    '1 mark' AS expected
FROM IDENTIFIER(:positions_table)
GROUP BY topic, partition
HAVING COUNT(*) > 1
ORDER BY entity, subject
