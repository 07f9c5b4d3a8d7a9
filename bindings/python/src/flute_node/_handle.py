"""What all objects with a handle have: they are closed once, also by the end of a with or of the object."""

from __future__ import annotations

import json
import os
import threading
from ctypes import byref, c_size_t, c_uint64, c_void_p
from typing import Any, TypeVar

from . import _check, _lib, events, words
from .errors import ClosedError
from .oti import OTI, struct_of

Self = TypeVar("Self", bound="Handled")


class Handled:
    """An object of the library."""

    _free = ""  # the function that frees the handle
    _handle: c_void_p | None = None

    def _open(self, call: Any, *arguments: Any) -> None:
        handle = c_void_p()
        _lib.check(call(*arguments, byref(handle)))
        self._handle, self._pid = handle, os.getpid()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._handle is None

    def _use(self) -> c_void_p:
        if self._handle is None:
            raise ClosedError(f"the {type(self).__name__} is closed")
        return self._handle

    def close(self) -> None:
        """Free it. Any other use raises ClosedError from then on. It may be called again."""
        handle, self._handle = self._handle, None
        if handle is not None and self._pid == os.getpid():
            getattr(_lib.lib(), self._free)(handle)

    def __enter__(self: Self) -> Self:
        self._use()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        try:
            self.close()
        except Exception:  # noqa: BLE001 - the interpreter may be going down
            pass


class Adding(Handled):
    """An object that takes files to send."""

    _prefix = ""  # of its functions

    def __init__(self) -> None:
        # By TOI, the oldest first: what C reads. 0: the TOI is not known.
        self._lent: dict[int, list[_lib.Borrowed]] = {}
        self._early: list[int] = []  # TOIs of objects that have ended before add knew them
        self._unsure = False  # an add was interrupted
        self._lending = threading.Lock()

    def _call(self, name: str, *arguments: Any) -> int:
        return _lib.check(getattr(_lib.lib(), self._prefix + name)(self._use(), *arguments))

    def add(
        self, data: Any, name: str | None = None, *, content_location: str | None = None, oti: OTI | None = None,
        copy: bool | None = None, **options: Any,
    ) -> int:
        """Add a file of a bytes-like object, and return its TOI.

        name is its path for receivers, or content_location its URI. Options are those of a line of a list of files:
        content_type, cenc, digest, priority, repeat, carousel, start_at, until, within, etag, cache_control, groups,
        fec, repair, symbol, block. bytes are not copied; other objects are, unless copy is False: then they must not
        change until the file is sent.
        """
        file = self._words(name, content_location, options)
        borrow = isinstance(data, bytes) if copy is None else not copy
        lent = _lib.Borrowed(data)
        toi = c_uint64()
        if not borrow or lent.length == 0:
            with lent:
                self._call("add", lent.address, lent.length, file, struct_of(oti), 0, byref(toi))
            return toi.value
        with self._lending:
            self._lent.setdefault(0, []).append(lent)
        try:
            self._call("add", lent.address, lent.length, file, struct_of(oti), _lib.BORROW, byref(toi))
        except Exception:  # it was not taken
            with self._lending:
                self._forget(lent)
            lent.release()
            raise
        except BaseException:  # it may have been taken before a KeyboardInterrupt: it stays lent until close
            self._unsure = True
            raise
        with self._lending:
            self._forget(lent)
            if toi.value in self._early and not self._unsure:
                self._early.remove(toi.value)
                lent.release()
            else:
                self._lent.setdefault(toi.value, []).append(lent)
        self._settle()
        return toi.value

    def _forget(self, lent: _lib.Borrowed) -> None:
        """Take what was lent from the list of those whose TOI is not known."""
        unnamed = self._lent.get(0, [])
        if lent in unnamed:
            unnamed.remove(lent)

    def add_file(
        self, path: Any, name: str | None = None, *, content_location: str | None = None, oti: OTI | None = None,
        **options: Any,
    ) -> int:
        """Add the file at a path, and return its TOI. It is read while it is sent: nobody may write to it. See add."""
        raw = _check.path("path", path)
        file = self._words(name, content_location, options)
        toi = c_uint64()
        self._call("add_file", raw, file, struct_of(oti), byref(toi))
        return toi.value

    @staticmethod
    def _words(name: str | None, content_location: str | None, options: dict[str, Any]) -> bytes:
        if name is not None:
            options["name"] = _check.text("name", name)
        if content_location is not None:
            options["content_location"] = _check.text("content_location", content_location)
        return words.text(options)

    def _settle(self) -> None:
        """Give back what C no longer reads."""
        if self._handle is None or not any(self._lent.values()):
            return
        tois = (c_uint64 * 256)()
        n = c_size_t()
        while True:
            with self._lending:
                self._call("ended", tois, len(tois), byref(n))
                for toi in tois[: n.value]:
                    lent = self._lent.get(toi)
                    if not lent:
                        if not self._unsure:
                            self._early.append(toi)
                        continue
                    lent.pop(0).release()
                    if not lent:
                        del self._lent[toi]
            if n.value < len(tois):
                return

    def remove(self, toi: int, *, after_transfer: bool = False) -> bool:
        """End an object, now or after its running transfer, and return whether packets of it were still to come."""
        raise NotImplementedError

    def trigger(self, toi: int, at: Any = None) -> None:
        """Have the next turn of an object begin, now or at a time."""
        self._call("trigger", _toi(toi), _check.moment("at", at))

    def pause(self, toi: int | None = None) -> None:
        """Have an object wait, or the whole session."""
        self._call("pause", 0 if toi is None else _toi(toi), 1)

    def resume(self, toi: int | None = None) -> None:
        """End a pause."""
        self._call("pause", 0 if toi is None else _toi(toi), 0)

    def stats(self) -> dict[str, Any]:
        """Return the counters: packets, bytes, fdt_packets, transfers, added, pending, completed, failed …"""
        raw = _lib.text_of(getattr(_lib.lib(), self._prefix + "stats"), self._use())
        return dict(json.loads(raw or b"{}"))

    def close(self) -> None:
        """End the session and free it. Any other use raises ClosedError from then on. It may be called again."""
        super().close()
        for toi, some in getattr(self, "_lent", {}).items():
            for lent in some if toi else ():  # an add that has not returned still reads the others
                lent.release()
        self._lent = {}


def _toi(toi: Any) -> int:
    return _check.integer("toi", toi, 1, 2**64 - 1)


def drain(call: Any, handle: c_void_p) -> list[events.Event]:
    """Return the events that wait."""
    out = []
    try:
        while (raw := _lib.text_of(call, handle)) is not None:
            out.append(events.read(raw))
    except EOFError:
        pass
    return out
