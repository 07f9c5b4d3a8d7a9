"""The whole node: it has the sockets, threads and clocks that the cores leave to the program."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from . import _check, _lib, events, words
from ._handle import Adding, Handled, _toi
from .errors import FluteError, FluteTimeout
from .oti import OTI, struct_of
from .receiver import Shelved

if TYPE_CHECKING:
    import asyncio  # it takes longer to import than all else: who uses it has done so

# Calls that wait are cut into slices, in seconds: between two of them Python handles signals, such as Ctrl-C.
_SLICE = 0.1
# How long a session may take to begin, in milliseconds.
_BEGIN = 10_000

# Memory that sessions read which could not be ended.
_kept: list[Any] = []


def _slices(call: Any, handle: Any, timeout: float | None) -> None:
    """Call a function that waits until it does no longer say that its time is over, or the time is over."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        rest = _SLICE if end is None else min(_SLICE, end - time.monotonic())
        code = call(handle, max(0, round(rest * 1000)))
        if code != _lib.ERR_TIMEOUT or end is not None and time.monotonic() >= end:
            _lib.check(code)
            return


async def _patiently(call: Any, handle: Any, timeout: float | None) -> None:
    """Do as _slices does, without holding up the loop."""
    import asyncio

    end = None if timeout is None else time.monotonic() + timeout
    pause = 0.001
    while True:
        code = call(handle, 0)
        if code != _lib.ERR_TIMEOUT or end is not None and time.monotonic() >= end:
            _lib.check(code)
            return
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.05)


class Events(Iterator[events.Event], AsyncIterator[events.Event]):
    """The events of a node, for `for` and for `async for`, until the node has stopped, or nothing came for a time."""

    def __init__(self, node: Node, timeout: float | None) -> None:
        self._node, self._timeout = node, timeout

    def __iter__(self) -> Events:
        return self

    def __aiter__(self) -> Events:
        return self

    def __next__(self) -> events.Event:
        try:
            return self._node.next_event(self._timeout)
        except (EOFError, FluteTimeout):
            raise StopIteration from None

    async def __anext__(self) -> events.Event:
        try:
            return await self._node.next_event_async(self._timeout)
        except (EOFError, FluteTimeout):
            raise StopAsyncIteration from None


class Node(Handled):
    """A node. Options are memory, such as "1GiB", and rate, such as "100Mbit", of all sessions together.

    It may be used from several threads. `async with` and `with` stop it.
    """

    _free = "flute_node_free"

    def __init__(self, **options: Any) -> None:
        # What waits for events, by its loop: several threads may have one each.
        self._waiting: dict[asyncio.AbstractEventLoop, set[asyncio.Future[None]]] = {}
        self._closing = False
        self._open(_lib.lib().flute_node_start, words.text(options))
        self._fd = int(_lib.lib().flute_node_event_fd(self._use()))

    def fileno(self) -> int:
        """Return a descriptor that is readable while an event waits, for select and the like. Do not read or close it."""
        self._use()
        return self._fd

    def poll_event(self) -> events.Event | None:
        """Return the next event, or None if there is none now. EOFError: the node has stopped, and all was read."""
        raw = _lib.text_of(_lib.lib().flute_node_next_event, self._use())
        return None if raw is None else events.read(raw)

    def next_event(self, timeout: float | None = None) -> events.Event:
        """Wait for the next event. FluteTimeout: none came. EOFError: the node has stopped, and all was read."""
        end = None if timeout is None else time.monotonic() + _check.seconds("timeout", timeout)
        while True:
            event = self.poll_event()
            if event is not None:
                return event
            rest = 3600.0 if end is None else end - time.monotonic()
            if rest <= 0:
                raise FluteTimeout("no event came")
            if self._fd < 0 or sys.platform == "win32":
                time.sleep(min(rest, 0.02))
            else:
                _wait_readable(self._fd, rest)

    async def next_event_async(self, timeout: float | None = None) -> events.Event:
        """Do as next_event does, without holding up the loop."""
        import asyncio

        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + _check.seconds("timeout", timeout)
        while True:
            event = self.poll_event()
            if event is not None:
                return event
            rest = None if end is None else end - loop.time()
            if rest is not None and rest <= 0:
                raise FluteTimeout("no event came")
            if self._fd < 0 or not await self._readable(loop, rest):
                await asyncio.sleep(0.02 if rest is None else min(rest, 0.02))

    async def _readable(self, loop: asyncio.AbstractEventLoop, timeout: float | None) -> bool:
        """Wait until an event may wait, or the time is over. False: the loop cannot wait for this descriptor."""
        import asyncio

        if self._closing:  # the descriptor will be closed
            return False
        waiting = self._waiting.get(loop)
        if waiting is None:
            try:
                loop.add_reader(self._fd, self._wake, loop)
            except NotImplementedError:
                return False
            waiting = self._waiting[loop] = set()
        future: asyncio.Future[None] = loop.create_future()
        waiting.add(future)
        try:
            await asyncio.wait((future,), timeout=timeout)
        finally:
            waiting.discard(future)
            # Another thread may close the node meanwhile, and has removed it then.
            if not waiting and self._waiting.get(loop) is waiting and self._waiting.pop(loop, None) is not None:
                loop.remove_reader(self._fd)
        return True

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        for future in self._waiting.get(loop, ()):
            if not future.done():
                future.set_result(None)

    def _dismiss(self) -> None:
        """End all waits, and have none begin: they find the node closed."""
        self._closing = True
        if not self._waiting:
            return
        import asyncio

        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        while True:
            try:
                loop, waiting = self._waiting.popitem()
            except KeyError:  # that was all
                return

            def end(loop: asyncio.AbstractEventLoop = loop, waiting: set[asyncio.Future[None]] = waiting) -> None:
                loop.remove_reader(self._fd)
                for future in waiting:
                    future.cancel()

            try:
                if loop is running or not loop.is_running():
                    end()
                else:  # it runs in another thread
                    loop.call_soon_threadsafe(end)
            except RuntimeError:  # the loop was closed
                continue

    def events(self, timeout: float | None = None) -> Events:
        """Return the events from now on, for `for` and `async for`. It ends when none came for timeout seconds."""
        self._use()
        return Events(self, timeout)

    def receive(self, group: str, dir: Any = None, *, memory: int = 0, **options: Any) -> Reception:
        """Join a group, "239.1.1.1:3400", and receive all sessions on it, into a folder, or into memory.

        Options are the keys of a section receive of the file of configuration: interface, source, tsi, only, except_ …
        """
        options["group"] = _check.text("group", group)
        if dir is not None:
            options["dir"] = _check.path("dir", dir).decode("utf-8", "surrogateescape")
        return Reception(self, words.text({k.rstrip("_"): v for k, v in options.items()}), memory)

    def send(self, to: str, tsi: int = 1, *, oti: OTI | None = None, **options: Any) -> Sending:
        """Begin a session that sends to an address, "239.1.1.1:3400".

        Options are the keys of a section send of the file of configuration: interface, rate, fec, carousel …
        """
        options["to"] = _check.text("to", to)
        options["tsi"] = _check.integer("tsi", tsi, 0, 2**48 - 1)
        return Sending(self, words.text(options), oti)

    def set_rate(self, bits_per_second: int) -> None:
        """Change the rate of all sessions together; 0: without a bound."""
        _lib.check(
            _lib.lib().flute_node_set_rate(self._use(), _check.integer("bits_per_second", bits_per_second, 0, 2**63))
        )

    def snapshot(self) -> dict[str, Any]:
        """Return what runs in the node: receptions, sessions, objects, memory."""
        raw = _lib.text_of(_lib.lib().flute_node_snapshot, self._use(), 1 << 16)
        return dict(json.loads(raw or b"{}"))

    def stop(self, timeout: float | None = None) -> None:
        """Stop the node in order: what is whole is published. The last events can still be read. See close."""
        _slices(_lib.lib().flute_node_stop, self._use(), timeout)

    async def stop_async(self, timeout: float | None = None) -> None:
        """Do as stop does, without holding up the loop."""
        await _patiently(_lib.lib().flute_node_stop, self._use(), timeout)

    def close(self) -> None:
        """Stop the node and free it. It may be called again."""
        if not self.closed:
            self._dismiss()
            if self._pid == os.getpid():
                try:
                    self.stop(35)
                except FluteError:
                    pass  # what is left of it goes with its handle
        super().close()

    async def __aenter__(self) -> Node:
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.closed:
            await self.stop_async()
            self.close()


def _wait_readable(fd: int, timeout: float) -> None:
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.poll(timeout * 1000)
    else:
        select.select([fd], [], [], timeout)


class Reception(Shelved):
    """A group that is received. Made by Node.receive."""

    _free = "flute_reception_free"
    _prefix = "flute_reception_"

    def __init__(self, node: Node, text: bytes, memory: int) -> None:
        self._node = node  # it lives as long as this
        self._open(
            _lib.lib().flute_node_receive, node._use(), text, _check.integer("memory", memory, 0, 2**63), _BEGIN
        )

    def stop(self, timeout: float | None = None) -> None:
        """Leave the group and end its sessions: what is whole is published. Files in memory stay until close."""
        _slices(_lib.lib().flute_reception_close, self._use(), timeout)

    async def stop_async(self, timeout: float | None = None) -> None:
        """Do as stop does, without holding up the loop."""
        await _patiently(_lib.lib().flute_reception_close, self._use(), timeout)


class Sending(Adding):
    """A session of a node that sends. Made by Node.send."""

    _free = "flute_sending_free"
    _prefix = "flute_sending_"

    def __init__(self, node: Node, text: bytes, oti: OTI | None) -> None:
        super().__init__()
        self._node = node  # it lives as long as this
        self._open(_lib.lib().flute_node_send, node._use(), text, struct_of(oti), _BEGIN)

    def remove(self, toi: int, *, after_transfer: bool = False) -> bool:
        """End an object, now or after its running transfer. It is no error if it has ended."""
        self._call("remove", _toi(toi), int(after_transfer))
        self._settle()
        return True

    def finish(self) -> None:
        """Say that no file will be added: the session ends once all was sent as often as asked."""
        self._call("finish")

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the end of the session. FluteTimeout: it goes on. FluteOSError tells which files were not sent."""
        _slices(_lib.lib().flute_sending_wait, self._use(), timeout)

    async def wait_async(self, timeout: float | None = None) -> None:
        """Do as wait does, without holding up the loop."""
        await _patiently(_lib.lib().flute_sending_wait, self._use(), timeout)

    def stop(self, timeout: float | None = None) -> None:
        """End the session now, and wait for its end: for 30 s, or for timeout. FluteTimeout: it has not come."""
        end = 30.0 if timeout is None else _check.seconds("timeout", timeout)
        _slices(_lib.lib().flute_sending_close, self._use(), end)

    def close(self) -> None:
        """End the session and free it. Any other use raises ClosedError from then on. It may be called again."""
        if not self.closed and self._lent and self._pid == os.getpid():
            try:
                self.stop(10)
            except FluteError:  # it goes on, and reads what was lent: that stays
                _kept.append(self._lent)
                self._lent = {}
        super().close()

    def set_rate(self, bits_per_second: int) -> None:
        """Change the rate; 0: as fast as the socket takes them."""
        self._call("set_rate", _check.integer("bits_per_second", bits_per_second, 0, 2**63))
