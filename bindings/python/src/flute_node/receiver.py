"""The core of a receiver: it is given datagrams, and hands out files."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterable
from ctypes import byref, c_int32, c_int64, c_size_t, c_uint32, c_uint64
from typing import Any

from . import _check, _lib, events, words
from ._handle import Handled, drain

log = logging.getLogger("flute_node")


class Outcome(str):
    """What became of a datagram: "accepted", "duplicate", "kept" (until its object is described), or a drop reason."""

    __slots__ = ()

    @property
    def dropped(self) -> bool:
        """Whether it was of no use."""
        return self not in ("accepted", "duplicate", "kept")


_outcomes: dict[int, Outcome] = {}


def _outcome(number: int) -> Outcome:
    found = _outcomes.get(number)
    if found is None:
        found = _outcomes[number] = Outcome(_lib.lib().flute_outcome_name(number).decode())
    return found


class Endpoint:
    """Where datagrams come from, and where to: addresses as text, such as "239.1.1.1" or "ff15::1"."""

    __slots__ = ("_struct", "group", "port", "source", "source_port")

    def __init__(self, group: str = "224.0.0.1", port: int = 0, source: str | None = None, source_port: int = 0) -> None:
        self.group, self.source = _check.text("group", group), source
        self.port = _check.integer("port", port, 0, 65535)
        self.source_port = _check.integer("source_port", source_port, 0, 65535)
        raw = None if source is None else _check.text("source", source).encode()
        self._struct = _lib.EndpointStruct()
        _lib.check(
            _lib.lib().flute_endpoint_parse(byref(self._struct), raw, self.source_port, group.encode(), self.port)
        )

    def __repr__(self) -> str:
        return f"<Endpoint {self.group}:{self.port} from {self.source}:{self.source_port}>"


class Shelved(Handled):
    """Something that may hold received files in memory."""

    _prefix = ""

    def size_of(self, path: str) -> int:
        """Return the length of a file in memory: path is that of its event object_completed."""
        return self._read(path, 0, None, 0)[1]

    def read_object(self, path: str) -> bytes:
        """Return a file in memory."""
        size = self.size_of(path)
        while True:
            out = _lib.unfilled(size)
            with _lib.Borrowed(out) as into:
                n, size = self._read(path, 0, into.address, into.length)
            if n == size == len(out):
                return out
            # A newer version has come meanwhile.

    def read_object_into(self, path: str, offset: int, buffer: Any) -> int:
        """Copy bytes of a file in memory, from an offset on, into a writable buffer, and return how many."""
        with memoryview(buffer) as view:
            if view.readonly:
                raise TypeError("buffer: a writable buffer is needed")
            with _lib.Borrowed(view, "buffer") as into:
                _check.integer("offset", offset, 0, 2**63 - 1)
                return self._read(path, offset, into.address, into.length)[0]

    def open_object(self, path: str) -> io.BufferedReader:
        """Return a file in memory as a file object. It must not be dropped meanwhile. If a newer version of another
        length takes its place, reading raises OSError."""
        return io.BufferedReader(_ObjectIO(self, path, self.size_of(path)), 1 << 16)

    def drop_object(self, path: str) -> None:
        """Forget a file in memory: its memory is free again."""
        _lib.check(getattr(_lib.lib(), self._prefix + "object_drop")(self._use(), _check.text("path", path).encode()))

    def take_object(self, path: str) -> bytes:
        """Return a file in memory, and forget it, in one step: a newer version that comes meanwhile is not lost."""
        raw = _check.text("path", path).encode()
        call = getattr(_lib.lib(), self._prefix + "object_take")
        size = c_uint64(self.size_of(path))
        while True:
            out = _lib.unfilled(size.value)
            with _lib.Borrowed(out) as into:
                code = call(self._use(), raw, into.address, into.length, byref(size))
            if code != _lib.ERR_SPACE:
                _lib.check(code)
                return out if size.value == len(out) else out[: size.value]

    def _read(self, path: str, offset: int, address: Any, length: int) -> tuple[int, int]:
        n, size = c_size_t(), c_uint64()
        raw = _check.text("path", path).encode()
        call = getattr(_lib.lib(), self._prefix + "object_read")
        _lib.check(call(self._use(), raw, offset, address, length, byref(n), byref(size)))
        return n.value, size.value


class _ObjectIO(io.RawIOBase):
    """A file in memory."""

    def __init__(self, shelf: Shelved, path: str, size: int) -> None:
        self._shelf, self._path, self._size, self._at = shelf, path, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("seek: before the start of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        with _lib.Borrowed(buffer, "buffer") as into:
            n, size = self._shelf._read(self._path, self._at, into.address, into.length)
        if size != self._size:
            raise OSError(f"{self._path}: a newer version has taken its place")
        self._at += n
        return n


class Receiver(Shelved):
    """A receiver of any number of sessions, without sockets and without a thread.

    >>> r = Receiver()
    >>> for datagram in datagrams:
    ...     outcome = r.push(datagram)
    >>> r.objects()
    {'hello.txt': b'hello, world'}

    Options are the keys of a section receive of the file of configuration, without those of the network and of
    programs: dir, only, except, toi, layout, max_size, existing … (write except_ for except). Without dir, files are
    kept in memory, bounded by memory, in bytes, with what is being received. endpoint is that of push without one.
    on_event is called with each event, by push, cleanup and close; an exception that it raises is logged.
    It may be used from several threads.
    """

    _free = "flute_receiver_free"
    _prefix = "flute_receiver_"

    def __init__(
        self, *, dir: Any = None, memory: int = 0, endpoint: Endpoint | None = None,
        on_event: Callable[[events.Event], Any] | None = None, **options: Any,
    ) -> None:
        if dir is not None:
            options["dir"] = _check.path("dir", dir).decode("utf-8", "surrogateescape")
        options = {key.rstrip("_"): value for key, value in options.items()}
        text = words.text(options)
        self._on_event = on_event
        self._events: list[events.Event] = []
        self._open(_lib.lib().flute_receiver_new, text, _check.integer("memory", memory, 0, 2**63))
        if endpoint is not None:
            _lib.check(_lib.lib().flute_receiver_set_endpoint(self._use(), _pointer(endpoint)))
        self._take = _lib.lib().flute_receiver_take

    def push(self, datagram: Any, endpoint: Endpoint | None = None, *, now: Any = None) -> Outcome:
        """Take a datagram of any bytes, and return what became of it: it never raises because of them."""
        if type(datagram) is bytes and endpoint is None and now is None:  # in short, for the most frequent case
            code = self._take(self._handle, datagram, len(datagram))
        else:
            at, where = _check.moment("now", now), _pointer(endpoint)
            outcome = c_int32()
            with _lib.Borrowed(datagram, "datagram") as lent:
                push = _lib.lib().flute_receiver_push
                _lib.check(push(self._use(), where, at, lent.address, lent.length, byref(outcome)))
            code = outcome.value
        if self._on_event is not None:
            self._dispatch()
        return _outcomes.get(code) or self._taken(code)

    def _taken(self, code: int) -> Outcome:
        """Return the outcome of a code that _take has returned, or raise its error."""
        if code < 0:
            self._use()
            _lib.check(code)
        return _outcome(code)

    def push_many(self, datagrams: Iterable[Any], endpoint: Endpoint | None = None, *, now: Any = None) -> list[Outcome]:
        """Take datagrams, in one crossing into C, and return what became of each."""
        some = list(datagrams)
        if not some:
            return []
        outcomes = (c_int32 * len(some))()
        try:
            lengths = (c_uint32 * len(some))(*map(len, some))
            data = b"".join(some)
        except TypeError as e:
            raise TypeError(f"datagrams: a list of bytes-like objects is needed: {e}") from None
        if sum(lengths) != len(data):  # some have items of several bytes
            lengths = (c_uint32 * len(some))(*(memoryview(one).nbytes for one in some))
        at = 0 if now is None else _check.moment("now", now)
        where = _pointer(endpoint)
        _lib.check(
            _lib.lib().flute_receiver_push_batch(
                self._use(), where, at, data, len(data), lengths, len(some), outcomes
            )
        )
        if self._on_event is not None:
            self._dispatch()
        return [_outcomes.get(n) or _outcome(n) for n in outcomes]

    def cleanup(self, now: Any = None) -> None:
        """Do what time alone brings: end silent sessions, free what they hold. push does it, too, when it is due."""
        _lib.check(_lib.lib().flute_receiver_cleanup(self._use(), _check.moment("now", now)))
        if self._on_event is not None:
            self._dispatch()

    def deadline(self) -> float | None:
        """Return when cleanup is due, in seconds since 1970; None: never, as things are."""
        at = c_int64()
        _lib.check(_lib.lib().flute_receiver_deadline(self._use(), byref(at)))
        return at.value / 1e9 if at.value else None

    def events(self) -> list[events.Event]:
        """Return what happened since the last call. At most 4,096 events wait: then `missed` says how many were lost.

        With on_event there are none here.
        """
        return drain(_lib.lib().flute_receiver_next_event, self._use())

    def objects(self) -> dict[str, bytes]:
        """Return the files that were completed since the last call of objects or events, by path, and forget them.

        It is for programs that want nothing else: other events are dropped. Files that were received into a folder are
        read there by the program.
        """
        out: dict[str, bytes] = {}
        for event in self.events():
            if event.name == "object_completed" and event.path:
                try:
                    out[event.path] = self.take_object(event.path)
                except LookupError:  # a newer version took its place, and was taken
                    continue
        return out

    def stats(self) -> dict[str, Any]:
        """Return the number of sessions, and the counters of datagrams that reached none."""
        raw = _lib.text_of(_lib.lib().flute_receiver_stats, self._use())
        return dict(json.loads(raw or b"{}"))

    def _dispatch(self) -> None:
        for event in self.events():
            try:
                self._on_event(event)  # type: ignore[misc]
            except Exception:
                log.exception("on_event failed at %s", event.name)

    def close(self) -> None:
        """End all sessions, and free the receiver. Files in memory are gone. It may be called again."""
        super().close()


def _pointer(endpoint: Any) -> Any:
    if endpoint is None:
        return None
    if not isinstance(endpoint, Endpoint):
        raise TypeError(f"endpoint: an Endpoint is needed, not {type(endpoint).__name__}")
    return endpoint._struct


__all__ = ["Endpoint", "Outcome", "Receiver"]
