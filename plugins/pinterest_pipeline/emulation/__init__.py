"""The emulation of users who post: rows of the source database, sent to the API."""
