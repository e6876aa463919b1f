-- The places of some posts; columns as in contracts/geo.json. PyMySQL fills in the list of keys.
SELECT
    ind,
    timestamp,
    latitude,
    longitude,
    country
FROM geolocation_data
WHERE ind IN %(keys)s
