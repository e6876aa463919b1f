-- How the batch and the stream table of pin compare: keys of both, of one alone, and what differs where both have
-- a key. A key that was posted to one path alone later on differs rightly: the newest record counts in each.
WITH paired AS (
    SELECT
        COALESCE(landed.ind, streamed.ind) AS ind,
        landed.ind IS NOT NULL AS in_batch,
        streamed.ind IS NOT NULL AS in_stream,
        ARRAY_COMPACT(ARRAY(
            IF(landed.unique_id <=> streamed.unique_id, NULL, 'unique_id'),
            IF(landed.title <=> streamed.title, NULL, 'title'),
            IF(landed.description <=> streamed.description, NULL, 'description'),
            IF(landed.poster_name <=> streamed.poster_name, NULL, 'poster_name'),
            IF(landed.follower_count <=> streamed.follower_count, NULL, 'follower_count'),
            IF(landed.tag_list <=> streamed.tag_list, NULL, 'tag_list'),
            IF(landed.is_image_or_video <=> streamed.is_image_or_video, NULL, 'is_image_or_video'),
            IF(landed.image_src <=> streamed.image_src, NULL, 'image_src'),
            IF(landed.downloaded <=> streamed.downloaded, NULL, 'downloaded'),
            IF(landed.save_location <=> streamed.save_location, NULL, 'save_location'),
            IF(landed.category <=> streamed.category, NULL, 'category')
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
