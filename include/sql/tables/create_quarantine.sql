-- Landed lines and records of the stream that cannot be a record of their entity, with reason, text and position.
-- One row a line: a position and its text. The row follows when the sink writes the line again in another place.
-- One row a record of the stream: its columns of a line are null, as a line's columns of the stream are.
-- One row a dead letter that a replay has fetched from Kafka: it is in no object, so that `first_offset` and `line` are
-- those of the line before which it stood, and `sequence_number` is its own offset.
CREATE TABLE IF NOT EXISTS IDENTIFIER(:quarantine_table) (
    topic STRING COMMENT 'Kafka topic',
    partition INT COMMENT 'Kafka partition',
    first_offset BIGINT COMMENT 'first offset of the object, as its name says',
    line INT COMMENT 'line in the object, from 0',
    stream STRING COMMENT 'Kinesis stream',
    shard STRING COMMENT 'shard of the stream',
    sequence_number STRING COMMENT 'number of the record in the shard; of a dead letter its offset',
    arrived_at TIMESTAMP COMMENT 'when it arrived in the stream',
    reason STRING COMMENT 'not_json, not_an_object, other_entity, key_missing or key_not_an_integer',
    raw STRING COMMENT 'the text as it was read; null for a dead letter without a value',
    run_id STRING COMMENT 'run that found it first',
    quarantined_at TIMESTAMP COMMENT 'when'
) USING DELTA
