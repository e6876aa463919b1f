"""All rows of the three tables, drawn from a seed: the same seed gives the same rows on any machine.

Value sets, counts and quirks are the original's; no row, name, text or address of it is copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from pinterest_sandbox.source import layout as places
from pinterest_sandbox.source import texts
from pinterest_sandbox.source.followers import follower_counts
from pinterest_sandbox.source.layout import Layout, draw_layout
from pinterest_sandbox.source.people import Person, draw_people
from pinterest_sandbox.source.tables import ROWS, Row

DEFAULT_SEED = 100

NO_TITLE = "No Title Data Available"
NO_DESCRIPTION = "No description available"
NO_STORY_DESCRIPTION = "No description available Story format"
NO_USER = "User Info Error"
NO_TAGS = "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"
NO_IMAGE = "Image src error."
STORY = "multi-video(story page format)"

#: First and last moment of a post in the original, and the number of posts in each year.
FIRST_POST = datetime(2017, 10, 19, 15, 13, 42)
LAST_POST = datetime(2022, 10, 19, 17, 54, 26)
POSTS_BY_YEAR = {2017: 432, 2018: 2316, 2019: 2192, 2020: 2172, 2021: 2208, 2022: 1834}

_MOST_ROWS_FOLLOWERS = "942k"
_MOST_FOLLOWERS = "15M"
_FIXED_TITLES = {
    **dict.fromkeys(places.EMPTY_TITLE, ""),
    places.UNTITLED_TITLE: "Untitled",
    places.UNTITLED_PHOTO: "Untitled: Photo",
    places.BACKSLASH_TITLE: "GÜN \\ GECE GİYİM - Sade Erkek Stili",
}
_FIXED_DESCRIPTIONS = {
    places.UNTITLED_DESCRIPTION: "Untitled",
    places.INCHES_DESCRIPTION: '"Small, bright & sturdy 3\\" x 5\\" plates of old roadsters for a wall."',
    places.QUOTED_DESCRIPTION: 'A folder in cheerful fabric, enough for the "casual" saver and 300 slips.',
}


def generate(seed: int = DEFAULT_SEED) -> dict[str, list[Row]]:
    """Draw all rows.

    :param seed: decides everything.
    :returns: ``pin``, ``geo`` and ``user`` to 11,154 rows each in key order, values in the tables' column
        order; dates are ``YYYY-MM-DD HH:MM:SS``.
    """
    random = Random(seed)
    people = draw_people(random)
    layout = draw_layout(random, people)
    owners = [people[number][1] for number in layout.poster]
    return {
        "pin": _pins(random, layout, people),
        "geo": [
            (key, moment, owner.latitude, owner.longitude, owner.country)
            for key, (moment, owner) in enumerate(zip(_post_moments(random), owners, strict=True))
        ],
        "user": [(key, o.first_name, o.last_name, o.age, o.date_joined) for key, o in enumerate(owners)],
    }


def _post_moments(random: Random) -> list[str]:
    """Distinct moments in random order; each is later than the last joining."""
    moments: list[datetime] = []
    for year, count in POSTS_BY_YEAR.items():
        start = max(FIRST_POST, datetime(year, 1, 1))
        end = min(LAST_POST, datetime(year, 12, 31, 23, 59, 59))
        seconds = random.sample(range(int((end - start).total_seconds()) + 1), count)
        moments += [start + timedelta(seconds=second) for second in seconds]
    random.shuffle(moments)
    return [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in moments]


def _pins(random: Random, layout: Layout, people: Sequence[tuple[int, Person]]) -> list[Row]:
    names = _poster_names(random, layout, people)
    followers = _followers(random, layout, people)
    pins: list[Row] = []
    for key in range(ROWS):
        category, poster = layout.category[key], layout.poster[key]
        pin: Row = (
            key,
            str(UUID(int=random.getrandbits(128), version=4)),
            _title(random, layout, key),
            _description(random, layout, key),
            names[poster],
            followers[poster][key % 2],
            NO_TAGS if key in layout.no_tags else texts.tags(random, category),
            *_image(random, layout, key),
            f"Local save in /data/{category}",
            category,
        )
        if key in layout.repeats:
            shown = pins[layout.repeats[key]]
            pin = (*pin[:2], *shown[2:10], *pin[10:])
        pins.append(pin)
    return pins


def _title(random: Random, layout: Layout, key: int) -> str:
    if layout.poster[key] == layout.failed_poster:
        return NO_TITLE
    if key in _FIXED_TITLES:
        return _FIXED_TITLES[key]
    text = texts.title(random, layout.category[key])
    if key in layout.newlines:
        first, _, rest = text.partition(" ")
        return f"{first}\u00a0\n\u00a0{rest}" if key % 3 == 0 else f"{first}\n{rest}"
    return text


def _description(random: Random, layout: Layout, key: int) -> str:
    if key in layout.stories:
        return NO_STORY_DESCRIPTION
    if key in layout.no_description:
        return NO_DESCRIPTION
    return _FIXED_DESCRIPTIONS.get(key) or texts.description(random, layout.category[key])


def _image(random: Random, layout: Layout, key: int) -> tuple[str | None, str | None, int]:
    """``is_image_or_video``, ``image_src`` and ``downloaded``."""
    if key in places.NO_IMAGE:
        return None, None, 0
    moving = key in layout.stories or key in layout.videos
    kind = STORY if key in layout.stories else "video" if moving else "image"
    if key in layout.image_errors:
        return kind, NO_IMAGE, 0
    name = f"{random.getrandbits(128):032x}"
    folders = f"{name[:2]}/{name[2:4]}/{name[4:6]}"
    if moving:
        return kind, f"https://i.pinimg.com/videos/thumbnails/originals/{folders}/{name}.0000000.jpg", 1
    ending = random.choices(("jpg", "png", "webp", "gif"), (833, 159, 6, 2))[0]
    return kind, f"https://i.pinimg.com/originals/{folders}/{name}.{ending}", int(key != layout.undownloaded)


def _poster_names(random: Random, layout: Layout, people: Sequence[tuple[int, Person]]) -> list[str]:
    """A name for each poster, all different also without the blanks around them."""
    taken: set[str] = set()
    names: list[str] = []
    for _, person in people:
        name = texts.poster_name(random, f"{person.first_name} {person.last_name}")
        while name.strip() in taken:
            name = f"{texts.poster_name(random, person.last_name).rstrip()} {random.randint(2, 99)}"
        taken.add(name.strip())
        names.append(name)
    names[layout.failed_poster] = NO_USER
    names[layout.poster[places.LONG_POSTER]] = texts.long_poster_name()
    return names


def _followers(random: Random, layout: Layout, people: Sequence[tuple[int, Person]]) -> list[tuple[str, str]]:
    counts = [follower_counts(random, rows) for rows, _ in people]
    most_rows = 0
    counts[most_rows] = (_MOST_ROWS_FOLLOWERS, _MOST_ROWS_FOLLOWERS)
    most_followed = next(number for number, (rows, _) in enumerate(people) if rows == 9)
    counts[most_followed] = (_MOST_FOLLOWERS, _MOST_FOLLOWERS)
    counts[layout.failed_poster] = (NO_USER, NO_USER)
    return counts
