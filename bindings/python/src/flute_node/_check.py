"""Checks of arguments, before anything crosses into C."""

from __future__ import annotations

import datetime
import operator
import os
from typing import Any

from .errors import ConfigError


def integer(name: str, value: Any, least: int, most: int) -> int:
    """Return an integer in a range."""
    try:
        n = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: an integer is needed, not {type(value).__name__}") from None
    if not least <= n <= most:
        raise ConfigError(f"{name} {n}: take {least} to {most}")
    return n


def text(name: str, value: Any) -> str:
    """Return a text without a zero character, which C would take for its end."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: a str is needed, not {type(value).__name__}")
    if "\0" in value:
        raise ConfigError(f"{name}: a zero character cannot be part of it")
    return value


def path(name: str, value: Any) -> bytes:
    """Return a path as the system has it."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise TypeError(f"{name}: a path is needed, not {type(value).__name__}")
    raw = os.fsencode(value)
    if b"\0" in raw:
        raise ConfigError(f"{name}: a zero byte cannot be part of it")
    return raw


def seconds(name: str, value: Any) -> float:
    """Return a time of at least 0, of a number of seconds or a timedelta."""
    if isinstance(value, datetime.timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: seconds or a timedelta are needed, not {type(value).__name__}")
    if not 0 <= value < 1e12:
        raise ConfigError(f"{name} {value}: take a time of at least 0")
    return float(value)


def moment(name: str, value: Any) -> int:
    """Return nanoseconds since 1970, of a datetime, of seconds, or of None, which is now: 0."""
    if value is None:
        return 0
    if isinstance(value, datetime.datetime):
        value = value.timestamp()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: a datetime, or seconds since 1970, is needed, not {type(value).__name__}")
    if not 0 < value < 9e9:
        raise ConfigError(f"{name} {value}: it is out of range")
    return int(value * 1_000_000_000)
