-- Writes what became of a burst into the ledger, one row an entity. Running it again changes nothing.
-- :stage is burst for the batch path, stream_burst for the stream path.
-- :rows is a JSON array of objects with the columns below.
MERGE INTO IDENTIFIER(:ledger_table) AS ledger
USING (
    SELECT INLINE(FROM_JSON(
        :rows,
        'array<struct<
            entity: string,
            offsets: array<struct<partition: int, first_offset: bigint, last_offset: bigint>>,
            sent: bigint,
            acknowledged: bigint,
            landed: bigint,
            dead_lettered: bigint
        >>'
    ))
) AS burst
    ON ledger.run_id = :run_id AND ledger.stage = :stage AND ledger.entity = burst.entity
WHEN MATCHED THEN
    UPDATE
        SET
            offsets = burst.offsets,
            sent = burst.sent,
            acknowledged = burst.acknowledged,
            landed = burst.landed,
            dead_lettered = burst.dead_lettered,
            recorded_at = CURRENT_TIMESTAMP()
WHEN NOT MATCHED THEN INSERT (
    run_id, stage, entity, offsets, sent, acknowledged, landed, dead_lettered, recorded_at
) VALUES (
    :run_id,
    :stage,
    burst.entity,
    burst.offsets,
    burst.sent,
    burst.acknowledged,
    burst.landed,
    burst.dead_lettered,
    CURRENT_TIMESTAMP()
)
