"""Follower counts as the original spells them: ``<int>``, ``<int>k`` or ``<int>M``, never a decimal."""

from __future__ import annotations

from random import Random

#: Values at every twentieth of the original's posters, from the smallest to the largest.
_PLAIN = (0, 1, 5, 8, 18, 27, 41, 60, 89, 122, 159, 198, 240, 272, 342, 409, 492, 591, 736, 849, 998)
_THOUSANDS = (1, 2, 3, 4, 5, 7, 9, 12, 16, 20, 26, 31, 40, 51, 66, 88, 118, 168, 259, 459, 991)
_MILLIONS = {1: 23, 2: 17, 3: 9, 4: 7, 5: 6, 6: 2, 8: 3}
#: (at least so many rows, share of plain numbers, share of millions); the rest are thousands.
_SHARES = ((10, 0.03, 0.14), (4, 0.10, 0.09), (2, 0.20, 0.04), (1, 0.31, 0.017))


def follower_counts(random: Random, rows: int) -> tuple[str, str]:
    """Draw a poster's follower count, twice: a few posters had another one when they were met again.

    :param rows: number of the poster's rows; those with many rows have more followers.
    """
    plain, millions = next((p, m) for least, p, m in _SHARES if rows >= least)
    draw = random.random()
    if draw < plain:
        return (count := str(_quantile(random, _PLAIN)), count)
    if draw < plain + millions:
        return (count := f"{random.choices(list(_MILLIONS), list(_MILLIONS.values()))[0]}M", count)
    thousands = _quantile(random, _THOUSANDS)
    changed = random.random() < 0.01 and thousands < _THOUSANDS[-1]
    return f"{thousands}k", f"{thousands + changed}k"


def _quantile(random: Random, knots: tuple[int, ...]) -> int:
    place = random.random() * (len(knots) - 1)
    below = int(place)
    return int(knots[below] + (place - below) * (knots[below + 1] - knots[below]))
