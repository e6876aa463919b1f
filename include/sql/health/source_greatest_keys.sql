-- The greatest keys of the tables of the source, where their rows take too long to count. For MySQL.
SELECT
    (SELECT MAX(`index`) FROM pinterest_data) AS pinterest_data,
    (SELECT MAX(ind) FROM geolocation_data) AS geolocation_data,
    (SELECT MAX(ind) FROM user_data) AS user_data
