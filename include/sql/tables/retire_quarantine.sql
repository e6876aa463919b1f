-- Sets the refused lines of a topic that is deleted apart from those of the topic that may follow: positions begin at 0
-- there again, and a line of the new topic would be taken for one of the old. Running it again changes nothing.
-- :begun_at is the time of the teardown.
UPDATE IDENTIFIER(:quarantine_table)
SET topic = CONCAT(topic, '@', :begun_at)
WHERE topic = :topic
