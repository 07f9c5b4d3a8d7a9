"""Events: what cores and the node tell, as in the JSON lines of the command flute-node."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any


class Event(Mapping[str, Any]):
    """What happened: its name, such as "object_completed", its time, and its fields, as items and as attributes.

    Fields that an event does not have are None as attributes, and KeyErrors as items.
    """

    __slots__ = ("_fields", "name")

    name: str

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields
        self.name = fields.get("event", "")
        toi = fields.get("toi")
        if isinstance(toi, str) and toi.isascii() and toi.isdigit():
            fields["toi"] = int(toi)

    @property
    def time(self) -> datetime.datetime:
        """When it happened."""
        text = str(self._fields.get("time", "1970-01-01T00:00:00Z")).replace("Z", "+00:00")
        head, dot, rest = text.partition(".")
        if dot:  # Python before 3.11 reads six digits, the node writes up to nine
            digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
            text = f"{head}.{digits[:6]:0<6}{rest[len(digits):]}"
        return datetime.datetime.fromisoformat(text)

    def __getitem__(self, key: str) -> Any:
        return self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._fields.get(name)

    def __repr__(self) -> str:
        said = {k: v for k, v in self._fields.items() if k not in ("event", "time")}
        return f"<Event {self.name} {said}>"


def read(raw: bytes) -> Event:
    """Return the event of a JSON line."""
    return Event(json.loads(raw))
