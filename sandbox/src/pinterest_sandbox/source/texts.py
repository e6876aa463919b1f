"""Titles, descriptions, tags and poster names, composed from word lists, with the original's quirks of spelling."""

from __future__ import annotations

from random import Random

from pinterest_sandbox.source import words

#: Descriptions were cut here by the scraped pages, with an ellipsis and a no-break space after it.
_CUT = 177
_CUT_MARK = "…\u00a0"
_LONG_POSTER_LENGTH = 268
_SCRIPT_A = 0x1D4D0  # MATHEMATICAL BOLD SCRIPT CAPITAL A, outside the basic plane


def title(random: Random, category: str) -> str:
    """A title of mostly 20 to 70 characters; one in ten is not ASCII, one in ninety has four-byte characters."""
    draw = random.random()
    if draw < 0.008:
        return _compose(random, category, random.choice(words.EMOJI_TITLES))
    if draw < 0.011:
        return _script(random.choice(words.THINGS[category]))
    if draw < 0.103:
        return _compose(random, category, random.choice(words.ACCENTED_TITLES))
    text = _compose(random, category, random.choice(words.TITLES))
    if draw < 0.114:
        return f'"{text}"'
    if draw < 0.116:
        return text + " "
    if draw < 0.20:
        text = f"{text} | {_compose(random, category, random.choice(words.TITLES))}"
    if draw < 0.13:
        text = f"{text} | {_compose(random, category, random.choice(words.TITLES))}"
    return text[:199].rstrip()


def description(random: Random, category: str) -> str:
    """Sentences; four of ten are cut after 177 characters and end in an ellipsis and a no-break space."""
    draw = random.random()
    length = 0 if draw < 0.05 else _CUT + 1 if draw < 0.45 else random.choice((60, 100, 120, 140, 150, 160, 170, 175))
    text = _compose(random, category, random.choice(_sentences(random)))
    while length:
        longer = f"{text} {_compose(random, category, random.choice(_sentences(random)))}"
        if len(longer) > length and length <= _CUT:
            break
        text = longer
        if len(text) > length:
            return text[:_CUT].rstrip() + _CUT_MARK
    return f"{text} #{category.split('-')[0]} #ideas"[:_CUT] if draw > 0.93 else text[:_CUT].rstrip()


def tags(random: Random, category: str) -> str:
    """Nine tags, now and then eight, seven or three, joined by commas without blanks; at most 254 characters."""
    things = words.THINGS[category]
    chosen: dict[str, None] = {}
    draw = random.random()
    wanted = 3 if draw < 0.0003 else 7 if draw < 0.0006 else 8 if draw < 0.002 else 9
    if draw > 0.97:
        chosen[random.choice(words.FOREIGN_TAGS)] = None
    if draw > 0.93:
        chosen[f"{random.choice(words.TAG_OWNERS)} {random.choice(things).split()[-1]}"] = None
    while len(chosen) < wanted:
        thing = random.choice(things)
        if random.random() < 0.5:
            chosen[f"{random.choice(words.ADJECTIVES)} {thing}"] = None
        else:
            chosen[f"{thing.split()[-1]} {random.choice(words.TAG_ENDINGS)}"] = None
    found = list(chosen)
    while sum(map(len, found)) + len(found) - 1 > 254:
        longest = max(found, key=len)
        found[found.index(longest)] = longest.split()[-1]
    return ",".join(found)


def poster_name(random: Random, person_name: str) -> str:
    """A poster's name: a person, a studio, an address or a list of fields; some with blanks at the end."""
    draw = random.random()
    studio = f"{random.choice(words.STUDIO_WORDS)} {random.choice(words.STUDIO_KINDS)}"
    if draw < 0.40:
        name = person_name
    elif draw < 0.70:
        name = studio
    elif draw < 0.78:
        name = f"{studio} | {random.choice(words.FIELDS)} & {random.choice(words.FIELDS)}"
    elif draw < 0.84:
        name = f"{studio} - {', '.join(random.sample(words.FIELDS, 3))}"
    elif draw < 0.91:
        name = f"{''.join(random.sample(words.STUDIO_WORDS, 2))}.com"
    elif draw < 0.94:
        name = f"Café {random.choice(words.STUDIO_WORDS)} – {random.choice(words.FIELDS)}"
    else:
        name = f"{random.choice(words.ADJECTIVES)} {random.choice(words.STUDIO_WORDS)}"
    blank = random.random()
    return f"{name} " if blank < 0.02 else f" {name}" if blank < 0.0205 else name


def long_poster_name() -> str:
    """The longest poster name, longer than a VARCHAR(255) holds."""
    phrase = "The Patient Knitter by the Harbour - patterns, kits and letters from a very small workshop! "
    return (phrase * 3)[: _LONG_POSTER_LENGTH - 1] + "!"


def _sentences(random: Random) -> tuple[str, ...]:
    return words.QUOTED_SENTENCES if random.random() < 0.01 else words.SENTENCES


def _compose(random: Random, category: str, pattern: str) -> str:
    thing = random.choice(words.THINGS[category])
    verb = random.choice(words.VERBS)
    adjective, adjective2 = random.choice(words.ADJECTIVES), random.choice(words.ADJECTIVES)
    occasion = random.choice(words.OCCASIONS)
    return pattern.format(
        n=random.randint(3, 101),
        Thing=thing,
        thing=thing.lower(),
        Verb=verb,
        verb=verb.lower(),
        Adj=adjective,
        adj=adjective.lower(),
        Adj2=adjective2,
        adj2=adjective2.lower(),
        Occasion=occasion,
        occasion=occasion.lower(),
    )


def _script(text: str) -> str:
    """The text in mathematical script letters, as some posters write their titles."""
    return "".join(
        chr(_SCRIPT_A + ord(c) - ord("A")) if "A" <= c <= "Z"
        else chr(_SCRIPT_A + 26 + ord(c) - ord("a")) if "a" <= c <= "z"
        else c
        for c in text
    )  # fmt: skip
