"""From Python's values to the words of the file of configuration: docs/operations.md of the node tells of the keys."""

from __future__ import annotations

import datetime
import json
import os
from typing import Any

from .errors import ConfigError

# Keys whose value is a share, which the node writes in percent.
_SHARES = {"repair", "max_repair"}
# Keys whose value is a time span.
_SPANS = {
    "fdt_interval", "fdt_duration", "delay", "within", "warm_up", "max_age", "resume_age", "session_timeout",
    "object_timeout", "close_repeat",
}


def _span(value: float) -> str:
    return f"{round(value * 1e9)}ns"


def _word(key: str, value: Any) -> Any:
    if isinstance(value, datetime.timedelta):
        return _span(value.total_seconds())
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if key in _SHARES and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{100 * value:.10g}%"
    if key in _SPANS and isinstance(value, (int, float)) and not isinstance(value, bool):
        return _span(value)
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(k): _word("", v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_word("", v) for v in value]
    raise TypeError(f"{key}: a {type(value).__name__} has no place in a configuration")


def text(options: dict[str, Any]) -> bytes:
    """Return a configuration as text. None leaves a key out. Times are seconds or a timedelta, shares 0.2 or "20%"."""
    words = {key: _word(key, value) for key, value in options.items() if value is not None}
    raw = json.dumps(words, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError("the configuration has a text that is no UTF-8") from None
    if b"\\u0000" in raw:
        raise ConfigError("the configuration has a zero character")
    return raw
