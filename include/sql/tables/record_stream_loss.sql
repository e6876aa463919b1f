-- Writes off records that were acknowledged and are lost before they were read, one row an entity. Running it again
-- changes nothing.
-- :rows is a JSON array of objects with the columns below.
MERGE INTO IDENTIFIER(:ledger_table) AS ledger
USING (
    SELECT INLINE(FROM_JSON(:rows, 'array<struct<entity: string, acknowledged: bigint>>'))
) AS loss
    ON ledger.run_id = :run_id AND ledger.stage = 'stream_loss' AND ledger.entity = loss.entity
WHEN MATCHED AND ledger.acknowledged <> loss.acknowledged THEN
    UPDATE
        SET
            acknowledged = loss.acknowledged,
            recorded_at = CURRENT_TIMESTAMP()
WHEN NOT MATCHED THEN INSERT (run_id, stage, entity, acknowledged, recorded_at) VALUES (
    :run_id,
    'stream_loss',
    loss.entity,
    loss.acknowledged,
    CURRENT_TIMESTAMP()
)
