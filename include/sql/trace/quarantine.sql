-- Refused records of a post: those in which its key can be read, and those that lie in given places. No text of them.
-- Times are in microseconds since 1970.
-- :places is a JSON array of objects: partition, first_offset and line of a line; partition and sequence_number, which
-- is the offset, of a dead letter that a replay has refused; shard and sequence_number of a record of the stream.
WITH places AS (
    SELECT INLINE(FROM_JSON(
        :places,
        'array<struct<
            partition: int,
            first_offset: bigint,
            line: int,
            shard: string,
            sequence_number: string
        >>'
    ))
),

refused AS (
    SELECT
        topic,
        `partition`,
        first_offset,
        line,
        stream,
        shard,
        sequence_number,
        arrived_at,
        reason,
        run_id,
        quarantined_at,
        raw,
        COALESCE(
            GET_JSON_OBJECT(raw, '$.index'),
            GET_JSON_OBJECT(raw, '$.ind'),
            GET_JSON_OBJECT(raw, '$[0].index'),
            GET_JSON_OBJECT(raw, '$[0].ind'),
            GET_JSON_OBJECT(raw, '$.records[0].value.index'),
            GET_JSON_OBJECT(raw, '$.records[0].value.ind')
        ) AS own_key
    FROM IDENTIFIER(:quarantine_table)
    WHERE topic = :topic OR stream = :stream
)

SELECT
    refused.topic,
    refused.`partition` AS partition_number,
    refused.first_offset,
    refused.line,
    refused.stream,
    refused.shard,
    refused.sequence_number,
    UNIX_MICROS(refused.arrived_at) AS arrived_at,
    refused.reason,
    refused.run_id,
    UNIX_MICROS(refused.quarantined_at) AS quarantined_at,
    OCTET_LENGTH(refused.raw) AS raw_length,
    SHA2(refused.raw, 256) AS sha256
FROM refused
LEFT JOIN places
    ON
        (
            refused.topic = :topic AND refused.`partition` = places.`partition` AND refused.sequence_number IS NULL
            AND refused.first_offset = places.first_offset AND refused.line = places.line
        )
        OR (
            refused.topic = :topic AND refused.`partition` = places.`partition`
            AND refused.sequence_number = places.sequence_number
        )
        OR (
            refused.stream = :stream AND refused.shard = places.shard
            AND refused.sequence_number = places.sequence_number
        )
WHERE TRY_CAST(refused.own_key AS BIGINT) = :ind OR places.`partition` IS NOT NULL OR places.shard IS NOT NULL
ORDER BY refused.quarantined_at DESC, refused.first_offset DESC, refused.line DESC, refused.sequence_number DESC
LIMIT 21
