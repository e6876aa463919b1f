-- Rows of a batch table without a key or without a position: neither can have come from a landed record.
-- Rows that an earlier check has passed are not looked at again.
SELECT
    entity,
    'rows without key or position' AS subject,
    CONCAT(COUNT(*), ' rows') AS actual,
    'no row' AS expected
FROM (
    SELECT
        'pin' AS entity,
        ind IS NULL OR _partition IS NULL OR _first_offset IS NULL OR _line IS NULL AS is_wrong
    FROM IDENTIFIER(:pin_batch_table)
    WHERE _first_offset >= :pin_unchecked OR _first_offset IS NULL
    UNION ALL
    SELECT
        'geo' AS entity,
        ind IS NULL OR _partition IS NULL OR _first_offset IS NULL OR _line IS NULL AS is_wrong
    FROM IDENTIFIER(:geo_batch_table)
    WHERE _first_offset >= :geo_unchecked OR _first_offset IS NULL
    UNION ALL
    SELECT
        'user' AS entity,
        ind IS NULL OR _partition IS NULL OR _first_offset IS NULL OR _line IS NULL AS is_wrong
    FROM IDENTIFIER(:user_batch_table)
    WHERE _first_offset >= :user_unchecked OR _first_offset IS NULL
) AS marked
WHERE is_wrong
GROUP BY entity
ORDER BY entity
