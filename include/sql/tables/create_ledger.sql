-- Counts of every run, stage and entity, of the stream also of every micro-batch, taken from independent sides.
-- A count that a stage has not is null.
-- burst, stream_burst: sent = acknowledged = landed + dead_lettered, which is 0 of a stream.
-- batch, stream, replay, stream_replay: lines_read = kept + merged + quarantined; batch also: = landed + reread.
-- replay, stream_replay: what a replay has brought into the batch or the stream table.
CREATE TABLE IF NOT EXISTS IDENTIFIER(:ledger_table) (
    run_id STRING COMMENT 'run of the pipeline',
    stage STRING COMMENT 'burst, stream_burst, batch, stream, stream_loss, replay or stream_replay',
    entity STRING COMMENT 'pin, geo or user',
    offsets ARRAY<STRUCT<partition: INT, first_offset: BIGINT, last_offset: BIGINT>>
    COMMENT 'burst, batch: ranges that were handled, both ends included',
    sent BIGINT COMMENT 'records given to the API',
    acknowledged BIGINT
    COMMENT 'records answered with an offset, or with a shard and sequence number; stream_loss: those lost unread',
    landed BIGINT
    COMMENT 'bursts: acknowledged records that have arrived; batch: lines new to the run, less those that were lost',
    dead_lettered BIGINT COMMENT 'records that the sink refused; replay: those of lines_read',
    lines_read BIGINT COMMENT 'lines of all objects read; replays: rows of quarantine and dead letters',
    reread BIGINT COMMENT 'lines that the run before had read',
    kept BIGINT COMMENT 'keys new to the table',
    merged BIGINT COMMENT 'lines whose key was there already, or came again later',
    quarantined BIGINT COMMENT 'lines put into quarantine',
    unreadable MAP<STRING, BIGINT> COMMENT 'column to values that could not be read and became null',
    table_version BIGINT COMMENT 'all but bursts: version of the table up to which inserted rows are known',
    uncounted BIGINT COMMENT 'all but bursts: rows inserted up to that version that nobody has counted in kept yet',
    checkpoint STRING COMMENT 'stream: id of the query, which its checkpoint keeps',
    batch_id BIGINT COMMENT 'stream: number of the micro-batch in that checkpoint',
    recorded_at TIMESTAMP COMMENT 'when'
) USING DELTA
