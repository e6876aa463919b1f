-- By shard: the last record that runs of the ingest have left in a stream table or in the quarantine, and when the last
-- one arrived, in microseconds since 1970. Sequence numbers compare as numbers when they are filled up with zeroes.
WITH kept AS (
    SELECT
        _shard AS shard,
        _sequence_number AS sequence_number,
        _arrived_at AS arrived_at
    FROM IDENTIFIER(:table)
    UNION ALL
    SELECT
        shard,
        sequence_number,
        arrived_at
    FROM IDENTIFIER(:quarantine_table)
    WHERE stream = :stream
)

SELECT
    shard,
    MAX_BY(sequence_number, LPAD(sequence_number, 129, '0')) AS sequence_number,
    MAX(UNIX_MICROS(arrived_at)) AS arrived_at
FROM kept
GROUP BY shard
ORDER BY shard
