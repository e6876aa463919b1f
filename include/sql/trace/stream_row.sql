-- Where the record lies that a key's row in a stream table was made of, and when it arrived, in microseconds since
-- 1970; none when there is no row.
SELECT
    _shard AS shard,
    _sequence_number AS sequence_number,
    UNIX_MICROS(_arrived_at) AS arrived_at
FROM IDENTIFIER(:table)
WHERE ind = :ind
