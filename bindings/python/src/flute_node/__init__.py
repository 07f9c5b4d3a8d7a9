"""FLUTE (RFC 6726): files over UDP multicast, without a way back.

Sender and Receiver are the cores, without sockets; Node is the whole node, with asyncio. flute_node.compat has the names
of the package flute-alc.
"""

from __future__ import annotations

from . import errors
from ._lib import lib as _load
from .errors import (
    ClosedError,
    ConfigError,
    FluteError,
    FluteMemoryError,
    FluteOSError,
    FluteTimeout,
    ForkError,
    InternalError,
    NotFoundError,
    StateError,
)
from .events import Event
from .header import Header
from .node import Node, Reception, Sending
from .oti import OTI
from .receiver import Endpoint, Outcome, Receiver
from .sender import Sender

__version__ = "0.1.0"


def library_version() -> str:
    """Return the version of the shared library."""
    return str(_load().flute_version().decode())


__all__ = [
    "OTI", "ClosedError", "ConfigError", "Endpoint", "Event", "FluteError", "FluteMemoryError", "FluteOSError",
    "FluteTimeout", "ForkError", "Header", "InternalError", "Node", "NotFoundError", "Outcome", "Receiver", "Reception",
    "Sender", "Sending", "StateError", "errors", "library_version",
]
