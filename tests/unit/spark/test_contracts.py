"""The contracts as loaded, and the manifest as parsed."""

from __future__ import annotations

import json

import pytest


def test_contracts_name_the_source_columns_in_table_order() -> None:
    from pinterest_spark.contracts import load_contract

    names = {entity: [c.name for c in load_contract(entity).columns] for entity in ("pin", "geo", "user")}
    assert names == {
        "pin": [
            "index",
            "unique_id",
            "title",
            "description",
            "poster_name",
            "follower_count",
            "tag_list",
            "is_image_or_video",
            "image_src",
            "downloaded",
            "save_location",
            "category",
        ],
        "geo": ["ind", "timestamp", "latitude", "longitude", "country"],
        "user": ["ind", "first_name", "last_name", "age", "date_joined"],
    }


@pytest.mark.parametrize("entity", ["pin", "geo", "user"])
def test_the_key_comes_first_and_is_never_null(entity: str) -> None:
    from pinterest_spark.contracts import load_contract

    contract = load_contract(entity)
    assert contract.columns[0].name == contract.key
    assert [c.name for c in contract.columns if not c.nullable] == [contract.key]
    assert contract.cleaned[0] == ("ind", "bigint")


def test_columns_of_others_leave_keys_out() -> None:
    from pinterest_spark.contracts import columns_of_others

    assert columns_of_others("geo") >= {"title", "age"}
    assert not columns_of_others("pin") & {"ind", "index"}
    assert not columns_of_others("user") & {"index", "first_name"}


def test_unknown_entity_is_refused() -> None:
    from pinterest_spark.contracts import load_contract

    with pytest.raises(ValueError, match="unknown entity 'pins'"):
        load_contract("pins")


@pytest.mark.parametrize(
    ("mark", "objects", "reread"),
    [
        (None, [0, 100], 0),
        ((0, 60), [0, 60], 60),
        ((0, 120), [0, 120], 120),
        ((0, 60), [], 0),
        ((0, 60), [60], 0),
    ],
    ids=["first run", "mark read again", "mark that shrank", "nothing new", "mark gone"],
)
def test_reread_is_what_the_mark_says(mark: tuple[int, int] | None, objects: list[int], reread: int) -> None:
    from pinterest_spark.manifest import LandedObject, PartitionPart

    part = PartitionPart(
        partition=0,
        pinned_offset=200,
        mark=mark,
        objects=tuple(LandedObject(key=str(first), first_offset=first) for first in objects),
    )
    assert part.reread == reread


def test_objects_are_put_into_offset_order_and_addressed_in_the_bucket() -> None:
    from pinterest_spark.manifest import parse_manifest

    text = json.dumps(
        {
            "version": 1,
            "run_id": "r",
            "created_at": "2026-01-01T01:00:00+00:00",
            "bucket": "user-0a1b-bucket",
            "full_refresh": False,
            "entities": {
                "pin": {
                    "topic": "0a1b.pin",
                    "partitions": [
                        {
                            "partition": 0,
                            "pinned_offset": 20,
                            "mark": None,
                            "objects": [
                                {"key": "topics/b", "first_offset": 10},
                                {"key": "topics/a", "first_offset": 0},
                            ],
                        }
                    ],
                }
            },
        }
    )
    manifest = parse_manifest(text)
    (part,) = manifest.entities["pin"].partitions
    assert [manifest.uri(o.key) for o in part.objects] == [
        "s3://user-0a1b-bucket/topics/a",
        "s3://user-0a1b-bucket/topics/b",
    ]


def test_manifest_of_another_version_is_refused() -> None:
    from pinterest_spark.manifest import parse_manifest

    with pytest.raises(ValueError, match="manifest version 2"):
        parse_manifest('{"version": 2}')


@pytest.mark.parametrize(
    "parts", [("A", "main", "default"), ("0a1b", "a`b", "default"), ("0a1b", "main", "x; DROP TABLE y")]
)
def test_names_of_tables_are_checked(parts: tuple[str, str, str]) -> None:
    from pinterest_spark.tables import TableNames

    with pytest.raises(ValueError, match="allowed"):
        TableNames(user_id=parts[0], catalog=parts[1], schema=parts[2])
