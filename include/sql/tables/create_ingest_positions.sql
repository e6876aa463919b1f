-- Where the batch ingest stands: for each partition of a topic the landed object processed last, and how many lines
-- were read from it. Written last in a run; the next run reads that object again, since the sink may have rewritten it.
CREATE TABLE IF NOT EXISTS IDENTIFIER(:positions_table) (
    topic STRING COMMENT 'Kafka topic',
    partition INT COMMENT 'Kafka partition',
    first_offset BIGINT COMMENT 'first offset of the object processed last, as its name says',
    object_key STRING COMMENT 'key of that object',
    lines BIGINT COMMENT 'lines read from it',
    run_id STRING COMMENT 'run that wrote this row',
    updated_at TIMESTAMP COMMENT 'when'
) USING DELTA
