"""The queries under ``include/sql/queries``, in the order in which they are run and shown."""

from __future__ import annotations

QUERIES = (
    "category_by_country",
    "category_by_year",
    "top_user_by_country",
    "top_country",
    "category_by_age_group",
    "median_followers_by_age_group",
    "users_joined_by_year",
    "median_followers_by_joining_year",
    "median_followers_by_joining_year_and_age_group",
)
