"""The names of the package flute-alc 1.11.7, on this library: `from flute_node.compat import sender, receiver`."""

from __future__ import annotations

from . import receiver, sender

__all__ = ["receiver", "sender"]
