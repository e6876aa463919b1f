"""The SQL files of the product over temporary views."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SQL = Path(__file__).resolve().parents[3] / "include" / "sql"
ENTITIES = ("pin", "geo", "user")
QUERIES = sorted(path.stem for path in (SQL / "queries").glob("*.sql"))
COLUMNS = {
    "category_by_country": ["country", "category", "category_count"],
    "category_by_year": ["post_year", "category", "category_count"],
    "top_user_by_country": ["country", "poster_name", "follower_count"],
    "top_country": ["country", "poster_name", "follower_count"],
    "category_by_age_group": ["age_group", "category", "category_count"],
    "median_followers_by_age_group": ["age_group", "median_follower_count"],
    "users_joined_by_year": ["joining_year", "number_users_joined"],
    "median_followers_by_joining_year": ["joining_year", "median_follower_count"],
    "median_followers_by_joining_year_and_age_group": ["joining_year", "age_group", "median_follower_count"],
}


def register(frames: Mapping[str, DataFrame], prefix: str) -> dict[str, str]:
    """Make the frames views; returns the parameters of the SQL files that name them.

    :param frames: ``pin``, ``geo``, ``user``, ``ledger``, ``positions`` or ``quarantine`` to its content.
    """
    for name, frame in frames.items():
        frame.createOrReplaceTempView(f"{prefix}_{name}")
    return {
        f"{name}_batch_table" if name in ENTITIES else f"{name}_table": f"`{prefix}_{name}`"
        for name in frames
    }


def ask(spark: SparkSession, file: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows that ``sql/<file>.sql`` gives, in its order."""
    return [tuple(row) for row in frame(spark, file, parameters).collect()]


def frame(spark: SparkSession, file: str, parameters: Mapping[str, Any]) -> DataFrame:
    """The result of ``sql/<file>.sql``, with only the parameters that it has."""
    text = (SQL / f"{file}.sql").read_text(encoding="utf-8")
    return spark.sql(text, args={name: value for name, value in parameters.items() if f":{name}" in text})
