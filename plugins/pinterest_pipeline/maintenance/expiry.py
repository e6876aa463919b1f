"""Which objects have expired: a rule without side effects. What has another name than expected never does."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from pinterest_pipeline.health.store import HISTORY, LATEST, MALFORMED, PAGE, TOLD

#: Records of the health, whose names have the day twice.
_RECORD = re.compile(
    rf"{HISTORY}/date=(?P<day>([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}))/\2\3\4T[0-9]{{6}}_[A-Za-z0-9._-]+\.json"
)
_MALFORMED = re.compile(rf"{MALFORMED}/(?P<day>[0-9]{{8}})T[0-9]{{6}}_[A-Za-z0-9._-]+\.json")
#: Of :func:`pinterest_pipeline.landing.manifest.manifest_name`.
_MANIFEST = r"[A-Za-z0-9_.\-]+-[0-9a-f]{8}\.json"
#: What is written again with every run of the health.
REWRITTEN = (LATEST, TOLD, PAGE)


class Version(NamedTuple):
    """One version of an object; of a bucket that never was versioned, the object.

    :param modified: when it was written.
    :param size: bytes.
    :param current: whether it is the latest of its key.
    :param marker: whether it only marks the object as deleted.
    """

    key: str
    version_id: str
    modified: datetime
    size: int
    current: bool = True
    marker: bool = False


class Choice(NamedTuple):
    """What has expired and what has not.

    :param expired: versions to be deleted.
    :param kept: keys of the expected form that stay.
    :param unknown: keys of another form, which stay.
    """

    expired: list[Version]
    kept: list[str]
    unknown: list[str]


def together(first: Choice, second: Choice) -> Choice:
    """Two choices as one."""
    return Choice(first.expired + second.expired, first.kept + second.kept, first.unknown + second.unknown)


def choose_history(versions: Iterable[Version], *, today: date, days: int) -> Choice:
    """Records, and documents that could not be read, expire by the day in their keys.

    :param versions: all versions below the folders of both.
    :param today: the present day in UTC.
    :param days: days before today that are kept.
    """
    limit = today - timedelta(days=days)
    choice = Choice([], [], [])
    for key, group in _by_key(versions).items():
        day = history_day(key)
        if day is None:
            choice.unknown.append(key)
        elif day < limit:
            choice.expired.extend(group)
        else:
            choice.kept.append(key)
    return choice


def history_day(key: str) -> date | None:
    """The day of a record or of a document that could not be read; nothing for any other key.

    :param key: the object's key.
    """
    found = _RECORD.fullmatch(key) or _MALFORMED.fullmatch(key)
    try:
        return date.fromisoformat(found["day"]) if found else None
    except ValueError:
        return None


def choose_earlier(versions: Iterable[Version], *, now: datetime, days: int) -> Choice:
    """Of what is written again and again, the versions before the present one expire.

    :param versions: versions of :data:`REWRITTEN`; others are unknown.
    :param now: the present time.
    :param days: days after which a version that is not the present one expires.
    """
    limit = now - timedelta(days=days)
    choice = Choice([], [], [])
    for key, group in _by_key(versions).items():
        if key not in REWRITTEN:
            choice.unknown.append(key)
            continue
        choice.kept.append(key)
        choice.expired.extend(each for each in group if not each.current and each.modified < limit)
    return choice


def choose_manifests(versions: Iterable[Version], *, folder: str, now: datetime, days: int) -> Choice:
    """Manifests expire by when they were written, but the newest one stays, however old it is.

    Only a run that is not over, or is cleared, reads its manifest. The newest is of the run that is cleared
    when the daily runs have been at rest, whatever the reason.

    :param versions: all versions below the folder.
    :param folder: key prefix of the manifests, with a slash at the end.
    :param now: the present time.
    :param days: days after which a manifest expires.
    """
    limit = now - timedelta(days=days)
    expected = re.compile(re.escape(folder) + _MANIFEST)
    choice = Choice([], [], [])
    manifests = {}
    for key, group in _by_key(versions).items():
        if expected.fullmatch(key):
            manifests[key] = group
        else:
            choice.unknown.append(key)
    newest = _newest(manifests)
    for key, group in manifests.items():
        if key not in newest and max(each.modified for each in group) < limit:
            choice.expired.extend(group)
        else:
            choice.kept.append(key)
    return choice


def _newest(manifests: Mapping[str, Iterable[Version]]) -> set[str]:
    """The key that was written last, among those that are not deleted; more when that is not clear."""
    written = {
        key: each.modified
        for key, group in manifests.items()
        for each in group
        if each.current and not each.marker
    }
    last = max(written.values(), default=None)
    return {key for key, modified in written.items() if modified == last}


def _by_key(versions: Iterable[Version]) -> dict[str, list[Version]]:
    found = defaultdict(list)
    for version in versions:
        found[version.key].append(version)
    return found
