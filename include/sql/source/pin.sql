-- The posts with some keys; columns as in contracts/pin.json. PyMySQL fills in the list of keys.
SELECT
    `index`,
    unique_id,
    title,
    description,
    poster_name,
    follower_count,
    tag_list,
    is_image_or_video,
    image_src,
    downloaded,
    save_location,
    category
FROM pinterest_data
WHERE `index` IN %(keys)s
