"""The core of a sending session: it makes datagrams, and whoever reads them sends them."""

from __future__ import annotations

import ctypes
import struct
import threading
import time
from collections.abc import Iterator
from ctypes import byref, c_int, c_int64, c_size_t, c_uint32, c_uint64
from typing import Any

from . import _check, _lib, events, words
from ._handle import Adding, _toi, drain
from .oti import OTI, struct_of

# Datagrams that one call brings at most. A caller who reads them as fast as it can has a crossing into C for so many.
_MOST = 128
# How long datagrams may wait that were read ahead, in seconds: what is added, removed or triggered meanwhile comes after
# them. Who reads more slowly gets fewer at once, down to one.
_AHEAD = 0.001


class Sender(Adding):
    """A session that sends, without sockets and without a thread.

    >>> s = Sender(tsi=7, fec="raptorq")
    >>> s.add(b"hello, world", "hello.txt")
    1
    >>> s.complete()
    >>> datagrams = list(s)

    Options are the keys of a section send of the file of configuration, without those of the network and of files.
    manual: files wait until publish. It may be used from several threads.
    """

    _free = "flute_sender_free"
    _prefix = "flute_sender_"

    def __init__(self, tsi: int = 1, *, oti: OTI | None = None, manual: bool = False, **options: Any) -> None:
        super().__init__()
        options["tsi"] = _check.integer("tsi", tsi, 0, 2**48 - 1)
        text = words.text(options)
        self._ready: list[bytes] = []  # datagrams read ahead, the next one last; it is always the same list
        self._lengths = (c_uint32 * _MOST)()
        self._cut, self._cut_lengths = struct.Struct(""), b""  # what cuts the buffer into datagrams of these lengths
        self._buffer = ctypes.create_string_buffer(0)
        self._reading = threading.Lock()
        self._batch = 1
        self._filled = 0.0
        self._open(_lib.lib().flute_sender_new, text, struct_of(oti), _lib.MANUAL if manual else 0)

    def publish(self) -> None:
        """With manual: have the files described and sent that were added since the last call."""
        self._call("publish")

    def complete(self) -> None:
        """Say that no file will be added: receivers learn it, and iteration ends after the last datagram."""
        self._call("complete")

    def remove(self, toi: int, *, after_transfer: bool = False) -> bool:
        """End an object, now or after its running transfer, and return whether packets of it were still to come."""
        was = c_int()
        self._call("remove", _toi(toi), int(after_transfer), byref(was))
        self._settle()
        return bool(was.value)

    def read(self) -> bytes | None:
        """Return the next datagram, or None if none is to be sent now: see deadline and done."""
        try:
            return self._ready.pop()
        except IndexError:
            return self._refill()

    def _refill(self) -> bytes | None:
        with self._reading:
            if self._ready:
                return self._ready.pop()
            now = time.monotonic()
            self._batch = min(2 * self._batch, _MOST) if now - self._filled < _AHEAD else max(self._batch // 2, 1)
            datagrams = self._read(self._batch, 0)
            self._filled = now
            if not datagrams:
                self._settle()
                return None
            first = datagrams[0]
            self._ready.extend(datagrams[:0:-1])
            return first

    def _read(self, most: int, now: int) -> tuple[bytes, ...]:
        """Return up to so many datagrams of one call."""
        count = c_size_t()
        while True:
            size = len(self._buffer)
            code = _lib.lib().flute_sender_read_batch(
                self._use(), now, self._buffer, size, self._lengths, most, byref(count)
            )
            if code != _lib.ERR_SPACE:
                break
            self._call("max_packet", byref(count))
            self._buffer = ctypes.create_string_buffer(_MOST * (count.value + 64))
        _lib.check(code)
        if code != _lib.OK:
            return ()
        lengths = bytes(memoryview(self._lengths)[: count.value])
        if lengths != self._cut_lengths:  # mostly they are those of the batch before
            self._cut = struct.Struct("".join(f"{n}s" for n in self._lengths[: count.value]))
            self._cut_lengths = lengths
        return self._cut.unpack_from(self._buffer)

    def read_at(self, now: Any, most: int = _MOST) -> list[bytes]:
        """Return up to so many datagrams that are to be sent at a time which the caller says: no clock is read."""
        with self._reading:
            return list(self._read(_check.integer("most", most, 1, _MOST), _check.moment("now", now)))

    @property
    def done(self) -> bool:
        """Whether all that was added was sent as often as asked."""
        if self._ready:
            return False
        pending = c_uint64()
        self._call("pending", byref(pending))
        return pending.value == 0

    def deadline(self) -> float | None:
        """Return when there may be a datagram, in seconds since 1970; None: never, unless something is added."""
        at = c_int64()
        self._call("deadline", byref(at))
        return at.value / 1e9 if at.value else None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the datagrams, and wait for each until it is to be sent, until nothing will be sent any more."""
        while True:
            datagram = self.read()
            if datagram is not None:
                yield datagram
                continue
            at = self.deadline()
            if at is None:
                return
            time.sleep(min(max(0.0, at - time.time()), 0.5))

    def close_session(self) -> bytes:
        """End the session, and return the datagram that tells receivers so. Send it more than once."""
        buffer = ctypes.create_string_buffer(64)
        n = c_size_t()
        with self._reading:
            self._call("close_session", buffer, len(buffer), byref(n))
            self._ready.clear()
        return buffer.raw[: n.value]

    def close(self) -> None:
        """End the session and free it. Any other use raises ClosedError from then on. It may be called again."""
        super().close()
        self._ready.clear()  # what was read ahead

    def events(self) -> list[events.Event]:
        """Return what happened since the last call. At most 4,096 events wait: then `missed` says how many were lost."""
        self._settle()
        return drain(_lib.lib().flute_sender_next_event, self._use())
