-- The offsets that the latest daily runs have read of an entity, the oldest run first. A range begins with an object.
WITH ranges AS (
    SELECT
        run_id,
        recorded_at,
        EXPLODE(offsets) AS piece
    FROM IDENTIFIER(:ledger_table)
    WHERE stage = 'batch' AND entity = :entity
    ORDER BY recorded_at DESC
    LIMIT 1000
)

SELECT
    ranges.run_id,
    ranges.piece.partition AS partition_number,
    ranges.piece.first_offset,
    ranges.piece.last_offset
FROM ranges
ORDER BY ranges.recorded_at
