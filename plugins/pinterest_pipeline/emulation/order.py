"""In which order rows are posted."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Literal, get_args

Order = Literal["seeded", "sequential", "random"]
ORDERS: tuple[Order, ...] = get_args(Order)

#: Seed of the original emulation.
SEED = 100
#: Highest key that the original emulation draws; later rows of the source are never posted by it.
LAST_KEY = 11_000


def keys_of_burst(order: Order, *, start: int, posts: int, greatest_key: int, seed: int) -> list[int]:
    """The keys of a burst's posts, in order.

    :param order: ``seeded``: the sequence of the original emulation; ``sequential``: 0, 1, 2 and so on, from
        0 again behind the greatest key; ``random``: each key drawn from all, repeats included.
    :param start: number of posts of the sequence to leave out.
    :param posts: number of posts.
    :param greatest_key: keys are 0 up to this one; ``seeded`` has a greatest key of its own.
    :param seed: ``random``: the same seed gives the same keys.
    :raises ValueError: for an unknown order.
    """
    if order == "sequential":
        return [position % (greatest_key + 1) for position in range(start, start + posts)]
    if order == "random":
        keys = _draw(random.Random(seed), greatest_key)
    elif order == "seeded":
        keys = seeded_keys()
    else:
        raise ValueError(f"order {order!r} is none of {', '.join(ORDERS)}")
    return list(itertools.islice(keys, start, start + posts))


def seeded_keys(start: int = 0) -> Iterator[int]:
    """The endless sequence of keys that the original emulation posts.

    It seeds the generator with 100 and draws a pause and a row for each post. The pause is not waited for
    here, but it must be drawn for the rows to be the same.

    :param start: number of posts of the sequence to leave out.
    """
    return itertools.islice(_draw_with_pauses(), start, None)


def _draw_with_pauses() -> Iterator[int]:
    generator = random.Random(SEED)
    while True:
        generator.randrange(0, 2)
        yield generator.randint(0, LAST_KEY)


def _draw(generator: random.Random, greatest_key: int) -> Iterator[int]:
    while True:
        yield generator.randint(0, greatest_key)
