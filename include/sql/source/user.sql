-- The posters of some posts; columns as in contracts/user.json. PyMySQL fills in the list of keys.
SELECT
    ind,
    first_name,
    last_name,
    age,
    date_joined
FROM user_data
WHERE ind IN %(keys)s
