-- How many rows the tables of the source have. For MySQL; the session limits the time that this may take.
SELECT
    (SELECT COUNT(*) FROM pinterest_data) AS pinterest_data,
    (SELECT COUNT(*) FROM geolocation_data) AS geolocation_data,
    (SELECT COUNT(*) FROM user_data) AS user_data
