"""Which key is a post of which poster, category and kind, and which keys carry a sentinel or a quirk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from pinterest_sandbox.source.people import Person
from pinterest_sandbox.source.tables import ROWS
from pinterest_sandbox.source.words import CATEGORIES

#: Keys that are special in the original, with the same speciality here.
NO_IMAGE = (360, 4467, 4521, 4540, 4727, 4760, 4770)
EMPTY_TITLE = (5658, 5718)
FIRST_FAILURE = 7528
LONG_POSTER = 3020
BACKSLASH_TITLE = 7332
INCHES_DESCRIPTION = 10894
QUOTED_DESCRIPTION = 5730
UNTITLED_TITLE = 10983
UNTITLED_DESCRIPTION = 1014
UNTITLED_PHOTO = 7474
_RESERVED = frozenset(
    (*NO_IMAGE, *EMPTY_TITLE, LONG_POSTER, BACKSLASH_TITLE, INCHES_DESCRIPTION, QUOTED_DESCRIPTION,
     UNTITLED_TITLE, UNTITLED_DESCRIPTION, UNTITLED_PHOTO)
)  # fmt: skip

# Numbers of rows, counted in the original.
_FAILURES = 88
_STORIES = 895
_VIDEOS = 332
_IMAGE_ERRORS = 323
_NO_TAGS = 171
_NO_DESCRIPTION = 182
# Estimated from a third of the original's rows.
_REPEATED_CONTENT = 60
_NEWLINES = 18
_HOME_SHARE = 0.82


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What is decided before any text is composed. Sets and mappings hold keys.

    :param category: key to category.
    :param poster: key to the poster's number.
    :param failed_poster: number of the poster that stands for rows whose scraping failed as a whole.
    :param stories: story pages, failed rows included.
    :param image_errors: rows without an image, failed rows included.
    :param undownloaded: the one row that has an image and was not downloaded.
    :param no_tags: rows with the tag sentinel, failed rows included.
    :param no_description: rows with the plain description sentinel.
    :param newlines: rows with a line break in the title.
    :param repeats: key to the key whose content it shows again.
    """

    category: Sequence[str]
    poster: Sequence[int]
    failed_poster: int
    stories: frozenset[int]
    videos: frozenset[int]
    image_errors: frozenset[int]
    undownloaded: int
    no_tags: frozenset[int]
    no_description: frozenset[int]
    newlines: frozenset[int]
    repeats: dict[int, int]


def draw_layout(random: Random, people: Sequence[tuple[int, Person]]) -> Layout:
    """Deal the keys out to posters, kinds and sentinels.

    :param people: (number of rows, person) by poster number, as :func:`~.people.draw_people` gives them.
    """
    category = [name for name, count in CATEGORIES.items() for _ in range(count)]
    failed_poster = next(number for number, (rows, _) in enumerate(people) if rows == _FAILURES)
    ordinary = [key for key in range(ROWS) if key not in _RESERVED and key != FIRST_FAILURE]
    failed = {FIRST_FAILURE, *random.sample(ordinary, _FAILURES - 1)}
    poster = _deal_posters(random, people, category, failed, failed_poster)

    pool = [key for key in ordinary if key not in failed]
    random.shuffle(pool)
    take = _Taker(pool)
    stories, videos, undownloaded = take(_STORIES - _FAILURES), take(_VIDEOS), take(1)[0]
    no_description = [*take(_NO_DESCRIPTION - 12), *videos[:12]]
    no_tags = [*take(_NO_TAGS - _FAILURES - 21), *videos[12:22], *stories[-11:]]
    newlines = take(_NEWLINES)
    return Layout(
        category=category,
        poster=poster,
        failed_poster=failed_poster,
        stories=frozenset(failed.union(stories)),
        videos=frozenset(videos),
        image_errors=frozenset(failed.union(stories[: _IMAGE_ERRORS - _FAILURES])),
        undownloaded=undownloaded,
        no_tags=frozenset(failed.union(no_tags)),
        no_description=frozenset(no_description),
        newlines=frozenset(newlines),
        repeats=_draw_repeats(random, take(len(take)), category, poster),
    )


class _Taker:
    """Hands out the keys of a shuffled pool, each once."""

    def __init__(self, pool: list[int]) -> None:
        self._pool = pool

    def __len__(self) -> int:
        return len(self._pool)

    def __call__(self, count: int) -> list[int]:
        taken, self._pool = self._pool[:count], self._pool[count:]
        return taken


def _deal_posters(
    random: Random,
    people: Sequence[tuple[int, Person]],
    category: Sequence[str],
    failed: set[int],
    failed_poster: int,
) -> list[int]:
    """Give each key a poster; four fifths of a poster's rows lie in one category."""
    names = list(CATEGORIES)
    free: dict[str, list[int]] = {name: [] for name in names}
    for key, name in enumerate(category):
        if key not in failed:
            free[name].append(key)
    for keys in free.values():
        random.shuffle(keys)
    poster = [failed_poster] * len(category)
    for number, (rows, _) in enumerate(people):
        if number == failed_poster:
            continue
        home = random.choices(names, [len(free[name]) for name in names])[0]
        for _ in range(rows):
            at_home = free[home] and random.random() < _HOME_SHARE
            name = home if at_home else random.choices(names, [len(free[name]) for name in names])[0]
            poster[free[name].pop()] = number
    # The poster with the very long name has one row.
    single = next(key for key in range(LONG_POSTER + 1, ROWS) if people[poster[key]][0] == 1)
    poster[LONG_POSTER], poster[single] = poster[single], poster[LONG_POSTER]
    return poster


def _draw_repeats(
    random: Random, keys: Iterable[int], category: Sequence[str], poster: Sequence[int]
) -> dict[int, int]:
    """Choose pairs of rows of one poster and category that show the same pin under two keys."""
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for key in keys:
        groups[category[key], poster[key]].append(key)
    pairs = [sorted(group[:2]) for group in groups.values() if len(group) > 1]
    return {later: earlier for earlier, later in random.sample(pairs, _REPEATED_CONTENT)}
