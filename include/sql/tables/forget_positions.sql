-- Forgets where the daily runs have ended in a topic that is deleted: one of the same name begins at offset 0 again.
-- Running it again changes nothing.
DELETE FROM IDENTIFIER(:positions_table)
WHERE topic = :topic
