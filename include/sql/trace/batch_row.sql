-- Where the record lies that a key's row in a batch table was made of; none when there is no row.
SELECT
    _partition AS partition_number,
    _first_offset AS first_offset,
    _line AS line
FROM IDENTIFIER(:table)
WHERE ind = :ind
