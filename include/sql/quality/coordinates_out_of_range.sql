-- Places that are not on Earth, NaN among them, which is greater than every number. The cleaning leaves none: a row
-- here is an error of the cleaning, or was written by somebody else. Whether a place lies in the country named is not
-- asked: in the source it never does. Rows that an earlier check has passed are not looked at again.
SELECT
    'geo' AS entity,
    CONCAT('ind ', ind) AS subject,
    CONCAT('(', coordinates[0], ', ', coordinates[1], ')') AS actual,
    'latitude -90 to 90, longitude -180 to 180' AS expected
FROM IDENTIFIER(:geo_batch_table)
WHERE
    _first_offset >= :geo_unchecked
    AND NOT (coordinates[0] BETWEEN -90 AND 90 AND coordinates[1] BETWEEN -180 AND 180)
ORDER BY ind
