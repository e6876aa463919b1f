-- The greatest key that has its post, its place and its poster.
SELECT
    LEAST(
        (SELECT MAX(`index`) FROM pinterest_data),
        (SELECT MAX(ind) FROM geolocation_data),
        (SELECT MAX(ind) FROM user_data)
    ) AS greatest_key
