"""Rows of the source tables for tests: real ones where they lie, and made ones rich in ties and nulls."""

from __future__ import annotations

import json
import os
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Rows = dict[str, list[dict[str, Any]]]

CHECKOUT = Path(__file__).resolve().parents[3]
REAL = Path(os.environ.get("PINTEREST_TEST_ROWS") or CHECKOUT.parent / "shared" / "data")
_CATEGORIES = ["art", "beauty", "christmas", "finance", "travel", "", None]
_COUNTRIES = ["Albania", "Algeria", "Cote d'Ivoire", "Svalbard & Jan Mayen Islands", "Åland", "aruba", ""]
_FOLLOWERS = ["0", "1k", "2k", "998", "1000", "1.5M", "1500k", "2M", "User Info Error", "many", None]
_POSTERS = ["9GAG", "We Heart It", " Nicki ", "Nicki", 'O\'Neil, "Ann"', "User Info Error", "ÇA"]
_NAMES = ["Adam", "Ann", "Ann Mary", "Mary", "Zoë"]


def real_rows() -> Rows:
    """All rows of the folder with real rows whose key has all three, as every posted key has."""
    rows = {entity: _read(entity) for entity in ("pin", "geo", "user")}
    keys = {row["index"] for row in rows["pin"]} & {row["ind"] for row in rows["user"]}
    return {e: [r for r in of if r.get("index", r.get("ind")) in keys] for e, of in rows.items()}


def made_rows(*, seed: int, number: int) -> Rows:
    """Random rows of few values each, so that counts tie, medians meet nulls and persons share names."""
    chance = random.Random(seed)
    persons = [
        {
            "first_name": chance.choice(_NAMES),
            "last_name": chance.choice(_NAMES),
            "age": chance.choice([15, 18, 24, 25, 35, 36, 50, 51, 60, None, "old"]),
            "date_joined": _moment(chance, 2014, 2021),
        }
        for _ in range(max(3, number // 4))
    ]
    pins = [
        {
            "index": key,
            "unique_id": f"id-{key}",
            "title": chance.choice(["Untitled", "No Title Data Available", "", "A title "]),
            "description": chance.choice(["No description available", "Text…\N{NO-BREAK SPACE}"]),
            "poster_name": chance.choice(_POSTERS),
            "follower_count": chance.choice(_FOLLOWERS),
            "tag_list": chance.choice(["a,b", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e", None]),
            "is_image_or_video": chance.choice(["image", "video", None]),
            "image_src": chance.choice(["Image src error.", "https://i.pinimg.com/originals/1.jpg"]),
            "downloaded": chance.choice([0, 1]),
            "save_location": "Local save in /data/art",
            "category": chance.choice(_CATEGORIES),
        }
        for key in range(number)
    ]
    places = [
        {
            "ind": key,
            "timestamp": _moment(chance, 2017, 2023),
            "latitude": round(chance.uniform(-90, 90), 4),
            "longitude": chance.choice([round(chance.uniform(-180, 180), 4), "-171.061", None]),
            "country": chance.choice(_COUNTRIES),
        }
        for key in range(number)
    ]
    users = [{"ind": key, **chance.choice(persons)} for key in range(number)]
    return {"pin": pins, "geo": places, "user": users}


def _moment(chance: random.Random, first: int, last: int) -> str | None:
    """A time in one of the written forms; now and then the last or first second of a year, or none."""
    year = chance.randint(first, last)
    start = datetime(year, 1, 1)
    moment = chance.choice(
        [start, start - timedelta(seconds=1), start + timedelta(seconds=chance.randrange(31_000_000))]
    )
    form = chance.choice(["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y:%m:%d %H:%M:%S", "%Y-%m-%d", "never"])
    return None if form == "never" else moment.strftime(form)


def _read(entity: str) -> list[dict[str, Any]]:
    with (REAL / f"{entity}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
