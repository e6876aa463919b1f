-- Lets every record of a topic that begins at offset 0 again count as later than the rows of the topic before it: their
-- first offset becomes negative, 0 to -1, 1 to -2 and so on. Running it again changes nothing.
UPDATE IDENTIFIER(:batch_table)
SET _first_offset = -1 - _first_offset
WHERE _first_offset >= 0
