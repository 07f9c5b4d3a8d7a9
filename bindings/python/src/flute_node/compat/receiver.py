"""What `flute.receiver` of flute-alc 1.11.7 has: Config, ObjectWriterBuilder, Receiver, MultiReceiver, UDPEndpoint,
LCTHeader. Objects of ObjectWriterBuilder.new_buffer can be read, and push says what became of a packet."""

from __future__ import annotations

import collections
import os
import weakref
from typing import Any

from .. import _check
from ..errors import FluteError
from ..header import Header
from ..receiver import Endpoint, Outcome, _outcomes
from ..receiver import Receiver as _Receiver
from .sender import _int

# What a buffer keeps: when it is full the oldest objects give way, since programs for flute-alc never take any.
_BUFFER_BYTES = 256 << 20
_BUFFER_OBJECTS = 4096
# Datagrams after which a receiver looks for objects that have come.
_LOOK = 256


class Config:
    """Parameters of a receiver. session_timeout_ms None: an hour of silence, or more after longer pauses, since at most
    1,024 sessions are open. max_objects_error has no meaning here: memory is bounded by bytes."""

    def __init__(self) -> None:
        self.max_objects_error = 0
        self.session_timeout_ms: int | None = None
        self.object_timeout_ms: int | None = 10_000

    def __setattr__(self, name: str, value: Any) -> None:
        if value is not None:
            value = _int(name, value, 0, 2**64 - 1)
        elif name == "max_objects_error":
            raise TypeError("max_objects_error: an integer is needed, not None")
        super().__setattr__(name, value)

    def _options(self) -> dict[str, Any]:
        def timeout(ms: int | None, none: str) -> Any:
            return none if ms is None else max(ms, 1) / 1000

        return {
            "session_timeout": timeout(self.session_timeout_ms, "auto"),
            "object_timeout": timeout(self.object_timeout_ms, "off"),
        }


class ObjectWriterBuilder:
    """Where received objects go: a folder, or with new_buffer memory."""

    def __init__(self, path: str) -> None:
        raw = _check.path("path", path)
        if not os.path.isdir(raw):
            raise TypeError(f'"{os.fsdecode(raw)}" is not a directory')
        self._dir: str | None = os.fsdecode(raw)
        self._init()

    def _init(self) -> None:
        self._objects: collections.OrderedDict[str, bytes] = collections.OrderedDict()
        self._bytes = 0
        self._receivers: weakref.WeakSet[Any] = weakref.WeakSet()

    @staticmethod
    def new_buffer() -> ObjectWriterBuilder:
        """Return one that keeps objects in memory: the newest 4,096, of 256 MiB together."""
        b = ObjectWriterBuilder.__new__(ObjectWriterBuilder)
        b._dir = None
        b._init()
        return b

    def objects(self) -> dict[str, bytes]:
        """Return the objects that are in memory, by name. flute-alc has no such method."""
        for receiver in list(self._receivers):
            receiver._look()
        return dict(self._objects)

    def _put(self, name: str, content: bytes) -> None:
        before = self._objects.pop(name, None)
        self._bytes += len(content) - (len(before) if before is not None else 0)
        self._objects[name] = content
        while self._objects and (self._bytes > _BUFFER_BYTES or len(self._objects) > _BUFFER_OBJECTS):
            _, oldest = self._objects.popitem(last=False)
            self._bytes -= len(oldest)


class UDPEndpoint:
    """Where packets come from, and where to."""

    def __init__(self, destination_group_address: str, port: int, source_address: str | None = None) -> None:
        _check.text("destination_group_address", destination_group_address)
        if source_address is not None:
            _check.text("source_address", source_address)
        self.destination_group_address = destination_group_address
        self.port = _int("port", port, 0, 65535)
        self.source_address = source_address
        self._endpoint = _endpoint(destination_group_address, self.port, source_address)


def _endpoint(group: str, port: int, source: str | None) -> Endpoint:
    """Return an Endpoint. flute-alc takes any text for an address: what is none counts as unknown."""
    for g, s in ((group, source), (group, None), ("0.0.0.0", source), ("0.0.0.0", None)):
        try:
            return Endpoint(g, port, s)
        except FluteError:
            continue
    raise AssertionError("0.0.0.0 is an address")


class _Pushing:
    def __init__(self, writer: Any, config: Any, endpoint: Endpoint | None, **options: Any) -> None:
        if not isinstance(writer, ObjectWriterBuilder):
            raise TypeError(f"writer: '{type(writer).__name__}' is not an instance of 'ObjectWriterBuilder'")
        if not isinstance(config, Config):
            raise TypeError(f"config: '{type(config).__name__}' is not an instance of 'Config'")
        self._writer, self._count = writer, 0
        self._receiver = _Receiver(dir=writer._dir, endpoint=endpoint, **config._options(), **options)
        if writer._dir is None:
            writer._receivers.add(self)

    def _push(self, data: bytes, endpoint: Endpoint | None) -> Outcome:
        if not isinstance(data, bytes):
            raise TypeError(f"data: '{type(data).__name__}' object is not an instance of 'bytes'")
        self._count += 1
        if self._count == _LOOK:
            self._count = 0
            self._look()
        return self._receiver.push(data, endpoint)

    def _look(self) -> None:
        if self._receiver.closed:
            return
        if self._writer._dir is None:
            for name, content in self._receiver.objects().items():
                self._writer._put(name, content)
        else:
            self._receiver.events()

    def cleanup(self) -> None:
        """Free what is no longer needed. flute-alc has no such method; push does it, too."""
        self._receiver.cleanup()
        self._look()

    def close(self) -> None:
        """Free the receiver. flute-alc has no such method: there, and here, the end of the object does it, too."""
        self._look()
        self._writer._receivers.discard(self)
        self._receiver.close()

    def __del__(self) -> None:
        try:
            self.close()
        except Exception:  # noqa: BLE001 - it was never whole, or the interpreter may be going down
            pass


class Receiver(_Pushing):
    """A receiver of one session."""

    def __init__(self, endpoint: UDPEndpoint, tsi: int, writer: ObjectWriterBuilder, config: Config) -> None:
        if not isinstance(endpoint, UDPEndpoint):
            raise TypeError(f"endpoint: '{type(endpoint).__name__}' is not an instance of 'UDPEndpoint'")
        super().__init__(writer, config, endpoint._endpoint, tsi=[_int("tsi", tsi, 0, 2**48 - 1)])
        self._take = self._receiver._take

    def push(self, data: bytes) -> Outcome:
        """Take a packet. Bytes that are no packet do not raise, as in flute-alc they do: see what is returned."""
        if type(data) is not bytes:
            raise TypeError(f"data: '{type(data).__name__}' object is not an instance of 'bytes'")
        self._count += 1
        if self._count == _LOOK:
            self._count = 0
            self._look()
        # As Receiver.push of flute_node, in short.
        code = self._take(self._receiver._handle, data, len(data))
        return _outcomes.get(code) or self._receiver._taken(code)


class MultiReceiver(_Pushing):
    """A receiver of any number of sessions."""

    def __init__(self, writer: ObjectWriterBuilder, config: Config) -> None:
        super().__init__(writer, config, None)

    def push(self, endpoint: UDPEndpoint, data: bytes) -> Outcome:
        """Take a packet that came to an endpoint."""
        if not isinstance(endpoint, UDPEndpoint):
            raise TypeError(f"endpoint: '{type(endpoint).__name__}' is not an instance of 'UDPEndpoint'")
        return self._push(data, endpoint._endpoint)


class LCTHeader:
    """The header of a packet."""

    def __init__(self, data: bytes) -> None:
        if not isinstance(data, bytes):
            raise TypeError(f"data: '{type(data).__name__}' object is not an instance of 'bytes'")
        try:
            self._header = Header(data)
        except FluteError as error:
            raise TypeError(str(error)) from None

    @property
    def cci(self) -> int:
        """Congestion Control Information."""
        return self._header.cci

    @property
    def toi(self) -> int:
        """Transport Object Identifier."""
        return self._header.toi

    @property
    def tsi(self) -> int:
        """Transport Session Identifier."""
        return self._header.tsi

    @property
    def sbn(self) -> int | None:
        """Source block number."""
        return self._header.sbn

    @property
    def esi(self) -> int | None:
        """Encoding symbol ID."""
        return self._header.esi
