"""Exceptions. What is wrong with an argument is a ValueError or a TypeError; all else is a FluteError."""

from __future__ import annotations


class FluteError(Exception):
    """The base of all that this package raises, but for TypeError."""


class ConfigError(FluteError, ValueError):
    """An argument or a configuration is wrong; the text names the field."""


class ClosedError(FluteError, ValueError):
    """The object was closed."""


class StateError(FluteError):
    """The session does not take that any more."""


class NotFoundError(FluteError, LookupError):
    """There is no such object."""


class BufferTooSmall(FluteError):
    """A buffer is too small."""


class FluteOSError(FluteError, OSError):
    """The system, a file or the network."""


class FluteTimeout(FluteError, TimeoutError):
    """The time is over; what was begun goes on."""


class FluteMemoryError(FluteError, MemoryError):
    """A bound of memory is reached."""


class InternalError(FluteError):
    """A fault of the library."""


class ForkError(FluteError, RuntimeError):
    """This process is a child of fork(), and the library was used before: start a new process instead (spawn)."""


_CLASSES: dict[int, type[FluteError]] = {
    -1: ClosedError,
    -2: ConfigError,
    -3: StateError,
    -4: NotFoundError,
    -5: BufferTooSmall,
    -6: FluteOSError,
    -7: FluteTimeout,
    -8: FluteMemoryError,
    -9: InternalError,
    -10: ForkError,
}


def by_code(code: int) -> type[FluteError]:
    """Return the class of an error code of flute_node.h."""
    return _CLASSES.get(code, FluteError)
