-- How the batch and the stream table of user compare: keys of both, of one alone, and what differs where both have
-- a key. A key that was posted to one path alone later on differs rightly: the newest record counts in each.
WITH paired AS (
    SELECT
        COALESCE(landed.ind, streamed.ind) AS ind,
        landed.ind IS NOT NULL AS in_batch,
        streamed.ind IS NOT NULL AS in_stream,
        ARRAY_COMPACT(ARRAY(
            IF(landed.user_name <=> streamed.user_name, NULL, 'user_name'),
            IF(landed.age <=> streamed.age, NULL, 'age'),
            IF(landed.date_joined <=> streamed.date_joined, NULL, 'date_joined'),
            IF(landed.first_name <=> streamed.first_name, NULL, 'first_name'),
            IF(landed.last_name <=> streamed.last_name, NULL, 'last_name')
        )) AS differing
    FROM IDENTIFIER(:batch_table) AS landed
    FULL OUTER JOIN IDENTIFIER(:stream_table) AS streamed ON landed.ind = streamed.ind
)

SELECT
    COUNT_IF(in_batch AND in_stream) AS in_both,
    COUNT_IF(NOT in_stream) AS in_batch_alone,
    COUNT_IF(NOT in_batch) AS in_stream_alone,
    COUNT_IF(in_batch AND in_stream AND SIZE(differing) > 0) AS differences,
    TO_JSON(SLICE(ARRAY_SORT(COLLECT_LIST(
        IF(
            in_batch AND in_stream AND SIZE(differing) > 0,
            NAMED_STRUCT('ind', ind, 'differing', ARRAY_JOIN(differing, ', ')),
            NULL
        )
    )), 1, 20)) AS examples
FROM paired
