"""What a param means that was left empty."""

from __future__ import annotations


def chosen[T](param: T | None, found: T | None, default: T) -> T:
    """The value that is wanted: the param's, or what is there, or the default for what is new.

    So a run without params never changes what somebody has set.

    :param param: value of the DAG's param, ``None`` when it was left empty.
    :param found: the value that the resource has, ``None`` when it is not there.
    :param default: for a new resource.
    """
    if param is not None:
        return param
    return default if found is None else found
