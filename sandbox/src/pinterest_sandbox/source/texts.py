"""Titles, descriptions, tags and poster names from word lists, with the original's quirks of spelling."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from pinterest_sandbox.source import words

#: Descriptions were cut here by the scraped pages, with an ellipsis and a no-break space after it.
_CUT = 177
_CUT_MARK = "…\u00a0"
_DESCRIPTION_LENGTHS = (60, 100, 120, 140, 150, 160, 170, 175)
_LONG_POSTER_LENGTH = 268
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeio]|u(?!ni))", re.IGNORECASE)
_BLANK = re.compile(r"\{(\w+)\}")
_FILLERS = {
    "adj": words.ADJECTIVES,
    "adj2": words.ADJECTIVES,
    "occasion": words.OCCASIONS,
    "verb": words.VERBS,
}
_SCRIPT_A = 0x1D4D0  # MATHEMATICAL BOLD SCRIPT CAPITAL A, outside the basic plane


def title(random: Random, category: str) -> str:
    """A title of mostly 20 to 70 characters; one in ten is not ASCII, one in ninety has emoji or the like."""
    draw = random.random()
    if draw < 0.008:
        return _compose(random, category, _pick(random, words.EMOJI_TITLES))
    if draw < 0.011:
        return _script(_pick(random, words.THINGS[category]))
    if draw < 0.103:
        return _compose(random, category, _pick(random, words.ACCENTED_TITLES))
    text = _compose(random, category, _pick(random, words.TITLES))
    if draw < 0.114:
        return f'"{text}"'
    if draw < 0.116:
        return text + " "
    if draw < 0.20:
        text = f"{text} | {_compose(random, category, _pick(random, words.TITLES))}"
    if draw < 0.13:
        text = f"{text} | {_compose(random, category, _pick(random, words.TITLES))}"
    return text[:199].rstrip()


def description(random: Random, category: str) -> str:
    """Sentences; four of ten are cut after 177 characters and end in an ellipsis and a no-break space."""
    draw = random.random()
    cut = 0.05 < draw < 0.45
    length = _CUT if cut else 0 if draw < 0.05 else _pick(random, _DESCRIPTION_LENGTHS)
    text = _compose(random, category, _pick(random, _sentences(random)))
    while len(text) <= length:
        longer = f"{text} {_compose(random, category, _pick(random, _sentences(random)))}"
        if len(longer) > length and not cut:
            break
        text = longer
    if cut:
        return text[:_CUT].rstrip() + _CUT_MARK
    return f"{text} #{category.split('-')[0]} #ideas"[:_CUT] if draw > 0.93 else text[:_CUT].rstrip()


def tags(random: Random, category: str) -> str:
    """Nine tags, now and then 8, 7 or 3, joined by commas without blanks; at most 254 characters."""
    things = words.THINGS[category]
    chosen: dict[str, None] = {}
    draw = random.random()
    wanted = 3 if draw < 0.0003 else 7 if draw < 0.0006 else 8 if draw < 0.002 else 9
    if draw > 0.97:
        chosen[_pick(random, words.FOREIGN_TAGS)] = None
    if draw > 0.93:
        chosen[f"{_pick(random, words.TAG_OWNERS)} {_pick(random, things).split()[-1]}"] = None
    while len(chosen) < wanted:
        thing = _pick(random, things)
        if random.random() < 0.5:
            chosen[f"{_pick(random, words.ADJECTIVES)} {thing}"] = None
        else:
            chosen[f"{thing.split()[-1]} {_pick(random, words.TAG_ENDINGS)}"] = None
    found = list(chosen)
    while sum(map(len, found)) + len(found) - 1 > 254:
        longest = max(found, key=len)
        found[found.index(longest)] = longest.split()[-1]
    return ",".join(found)


def poster_name(random: Random, person_name: str) -> str:
    """A poster's name: a person, a studio, an address or a list of fields; some with blanks at the end."""
    draw = random.random()
    studio = f"{_pick(random, words.STUDIO_WORDS)} {_pick(random, words.STUDIO_KINDS)}"
    if draw < 0.40:
        name = person_name
    elif draw < 0.70:
        name = studio
    elif draw < 0.78:
        name = f"{studio} | {_pick(random, words.FIELDS)} & {_pick(random, words.FIELDS)}"
    elif draw < 0.815:
        name = f"{studio} - {', '.join(random.sample(words.FIELDS, 3))}"
    elif draw < 0.89:
        name = f"{''.join(random.sample(words.STUDIO_WORDS, 2))}.com"
    elif draw < 0.92:
        name = f"Café {_pick(random, words.STUDIO_WORDS)} \u2013 {_pick(random, words.FIELDS)}"
    else:
        name = f"{_pick(random, words.ADJECTIVES)} {_pick(random, words.STUDIO_WORDS)}"
    blank = random.random()
    return f"{name} " if blank < 0.02 else f" {name}" if blank < 0.0205 else name


def long_poster_name() -> str:
    """The longest poster name, longer than a VARCHAR(255) holds."""
    phrase = "The Patient Knitter by the Harbour - patterns, kits and letters from a very small workshop! "
    return (phrase * 3)[: _LONG_POSTER_LENGTH - 1] + "!"


def _sentences(random: Random) -> tuple[str, ...]:
    return words.QUOTED_SENTENCES if random.random() < 0.014 else words.SENTENCES


def _compose(random: Random, category: str, pattern: str) -> str:
    """Fill a pattern's blanks; one in capitals is filled with capitals."""
    text = _BLANK.sub(lambda blank: _fill(random, category, blank[1]), pattern)
    return _ARTICLE.sub(r"\1n ", text)


def _fill(random: Random, category: str, blank: str) -> str:
    if blank == "n":
        return str(3 + int(random.random() * 99))
    text = _pick(random, words.THINGS[category] if blank in ("Thing", "thing") else _FILLERS[blank.lower()])
    return text if blank[0].isupper() else text.lower()


def _pick[T](random: Random, choices: Sequence[T]) -> T:
    """As ``random.choice``, in a third of its time."""
    return choices[int(random.random() * len(choices))]


def _script(text: str) -> str:
    """The text in mathematical script letters, as some posters write their titles."""
    return "".join(
        chr(_SCRIPT_A + ord(c) - ord("A")) if "A" <= c <= "Z"
        else chr(_SCRIPT_A + 26 + ord(c) - ord("a")) if "a" <= c <= "z"
        else c
        for c in text
    )  # fmt: skip
