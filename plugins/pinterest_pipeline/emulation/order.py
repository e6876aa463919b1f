"""In which order rows are posted."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

SEED = 100
#: Highest key that the original emulation draws; later rows of the source are never posted.
LAST_KEY = 11_000


def seeded_keys(start: int = 0) -> Iterator[int]:
    """The endless sequence of keys that the original emulation posts.

    It seeds the generator with 100 and draws a pause and a row for each post. The pause is not waited for
    here, but it must be drawn for the rows to be the same.

    :param start: number of posts of the sequence to leave out.
    """
    return itertools.islice(_draw(), start, None)


def _draw() -> Iterator[int]:
    generator = random.Random(SEED)
    while True:
        generator.randrange(0, 2)
        yield generator.randint(0, LAST_KEY)
