"""The shared library: found, loaded with the first call, and its functions declared.

It is loaded lazily: a program that imports flute_node and forks before its first call may use it in its children.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import threading
from ctypes import (
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_ssize_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

from .errors import BufferTooSmall, FluteError, by_code

ABI_VERSION = 2

OK, AGAIN, END = 0, 1, 2
ERR_SPACE, ERR_TIMEOUT = -5, -7
MANUAL, BORROW = 1, 2


class OTIStruct(Structure):
    """flute_oti of flute_node.h."""

    _fields_ = [
        ("size", c_uint32),
        ("max_source_block_length", c_uint32),
        ("repair", c_uint32),
        ("max_encoding_symbols", c_uint32),
        ("seed", c_uint32),
        ("symbol_length", c_uint16),
        ("fec_instance_id", c_uint16),
        ("sub_blocks", c_uint16),
        ("fec_encoding_id", c_uint8),
        ("alignment", c_uint8),
        ("field_bits", c_uint8),
        ("group_size", c_uint8),
        ("n1", c_uint8),
        ("fti", c_uint8),
        ("variant", c_char * 16),
    ]


class EndpointStruct(Structure):
    """flute_endpoint of flute_node.h."""

    _fields_ = [
        ("source", c_uint8 * 16),
        ("group", c_uint8 * 16),
        ("source_len", c_uint8),
        ("group_len", c_uint8),
        ("source_port", c_uint16),
        ("port", c_uint16),
    ]


class HeaderStruct(Structure):
    """flute_header of flute_node.h."""

    _fields_ = [
        ("tsi", c_uint64),
        ("toi_high", c_uint64),
        ("toi", c_uint64),
        ("cci_high", c_uint64),
        ("cci", c_uint64),
        ("sbn", c_uint32),
        ("esi", c_uint32),
        ("fdt_instance_id", c_uint32),
        ("has_payload_id", c_uint8),
        ("has_fdt", c_uint8),
        ("codepoint", c_uint8),
        ("close_session", c_uint8),
        ("close_object", c_uint8),
    ]


_oti = POINTER(OTIStruct)
_endpoint = POINTER(EndpointStruct)
_size = POINTER(c_size_t)
_handle = c_void_p
_text = c_char_p

# name -> arguments. What returns something else than a code is declared in _declare.
_FUNCTIONS: dict[str, list[Any]] = {
    "flute_oti_check": [_oti],
    "flute_sender_new": [_text, _oti, c_uint32, POINTER(_handle)],
    "flute_sender_add": [_handle, c_void_p, c_size_t, _text, _oti, c_uint32, POINTER(c_uint64)],
    "flute_sender_add_file": [_handle, _text, _text, _oti, POINTER(c_uint64)],
    "flute_sender_publish": [_handle],
    "flute_sender_complete": [_handle],
    "flute_sender_remove": [_handle, c_uint64, c_int, POINTER(c_int)],
    "flute_sender_trigger": [_handle, c_uint64, c_int64],
    "flute_sender_pause": [_handle, c_uint64, c_int],
    "flute_sender_max_packet": [_handle, _size],
    "flute_sender_read": [_handle, c_int64, c_void_p, c_size_t, _size],
    "flute_sender_read_batch": [_handle, c_int64, c_void_p, c_size_t, POINTER(c_uint32), c_size_t, _size],
    "flute_sender_deadline": [_handle, POINTER(c_int64)],
    "flute_sender_close_session": [_handle, c_void_p, c_size_t, _size],
    "flute_sender_pending": [_handle, POINTER(c_uint64)],
    "flute_sender_stats": [_handle, c_void_p, c_size_t, _size],
    "flute_sender_next_event": [_handle, c_void_p, c_size_t, _size],
    "flute_sender_ended": [_handle, POINTER(c_uint64), c_size_t, _size],
    "flute_endpoint_parse": [_endpoint, _text, c_uint16, _text, c_uint16],
    "flute_receiver_new": [_text, c_uint64, POINTER(_handle)],
    "flute_receiver_push": [_handle, _endpoint, c_int64, c_void_p, c_size_t, POINTER(c_int32)],
    "flute_receiver_set_endpoint": [_handle, _endpoint],
    "flute_receiver_take": [_handle, c_char_p, c_size_t],
    "flute_receiver_push_batch": [
        _handle, _endpoint, c_int64, c_void_p, c_size_t, POINTER(c_uint32), c_size_t, POINTER(c_int32),
    ],
    "flute_receiver_cleanup": [_handle, c_int64],
    "flute_receiver_deadline": [_handle, POINTER(c_int64)],
    "flute_receiver_stats": [_handle, c_void_p, c_size_t, _size],
    "flute_receiver_next_event": [_handle, c_void_p, c_size_t, _size],
    "flute_receiver_object_read": [_handle, _text, c_uint64, c_void_p, c_size_t, _size, POINTER(c_uint64)],
    "flute_receiver_object_take": [_handle, _text, c_void_p, c_size_t, POINTER(c_uint64)],
    "flute_receiver_object_drop": [_handle, _text],
    "flute_header_parse": [c_void_p, c_size_t, POINTER(HeaderStruct)],
    "flute_node_start": [_text, POINTER(_handle)],
    "flute_node_stop": [_handle, c_int64],
    "flute_node_next_event": [_handle, c_void_p, c_size_t, _size],
    "flute_node_snapshot": [_handle, c_void_p, c_size_t, _size],
    "flute_node_set_rate": [_handle, c_uint64],
    "flute_node_receive": [_handle, _text, c_uint64, c_int64, POINTER(_handle)],
    "flute_reception_close": [_handle, c_int64],
    "flute_reception_object_read": [_handle, _text, c_uint64, c_void_p, c_size_t, _size, POINTER(c_uint64)],
    "flute_reception_object_take": [_handle, _text, c_void_p, c_size_t, POINTER(c_uint64)],
    "flute_reception_object_drop": [_handle, _text],
    "flute_node_send": [_handle, _text, _oti, c_int64, POINTER(_handle)],
    "flute_sending_add": [_handle, c_void_p, c_size_t, _text, _oti, c_uint32, POINTER(c_uint64)],
    "flute_sending_add_file": [_handle, _text, _text, _oti, POINTER(c_uint64)],
    "flute_sending_finish": [_handle],
    "flute_sending_wait": [_handle, c_int64],
    "flute_sending_close": [_handle, c_int64],
    "flute_sending_remove": [_handle, c_uint64, c_int],
    "flute_sending_trigger": [_handle, c_uint64, c_int64],
    "flute_sending_pause": [_handle, c_uint64, c_int],
    "flute_sending_set_rate": [_handle, c_uint64],
    "flute_sending_stats": [_handle, c_void_p, c_size_t, _size],
    "flute_sending_ended": [_handle, POINTER(c_uint64), c_size_t, _size],
}

_FREES = (
    "flute_sender_free", "flute_receiver_free", "flute_node_free", "flute_reception_free", "flute_sending_free",
)

_lock = threading.Lock()
_loaded: ctypes.CDLL | None = None


def path() -> str:
    """Return where the shared library is: beside this file, or where FLUTE_NODE_LIBRARY says."""
    given = os.environ.get("FLUTE_NODE_LIBRARY")
    if given:
        return given
    here = os.path.dirname(os.path.abspath(__file__))
    for name in ("libflute_node.so", "libflute_node.dylib", "flute_node.dll"):
        if os.path.exists(os.path.join(here, name)):
            return os.path.join(here, name)
    raise FluteError(f"there is no libflute_node in {here}: install a wheel, or set FLUTE_NODE_LIBRARY")


def _declare(lib: ctypes.CDLL) -> None:
    for name, arguments in _FUNCTIONS.items():
        function = getattr(lib, name)
        function.argtypes, function.restype = arguments, c_int
    for name in _FREES:
        function = getattr(lib, name)
        function.argtypes, function.restype = [_handle], None
    lib.flute_version.restype = c_char_p
    lib.flute_last_error.restype = c_char_p
    lib.flute_handles.restype = c_size_t
    lib.flute_outcome_name.argtypes, lib.flute_outcome_name.restype = [c_int32], c_char_p
    lib.flute_node_event_fd.argtypes, lib.flute_node_event_fd.restype = [_handle], c_int


def lib() -> ctypes.CDLL:
    """Return the library, loaded."""
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                loaded = ctypes.CDLL(path())
                loaded.flute_abi_version.restype = c_uint32
                if loaded.flute_abi_version() < ABI_VERSION:
                    raise FluteError(f"{path()} has ABI version {loaded.flute_abi_version()}, {ABI_VERSION} is needed")
                _declare(loaded)
                _loaded = loaded
    return _loaded


def check(code: int) -> int:
    """Raise the exception of an error code; return others."""
    if code < 0:
        text = lib().flute_last_error()
        raise by_code(code)(text.decode("utf-8", "replace"))
    return code


def text_of(call: Any, handle: c_void_p, size: int = 4096) -> bytes | None:
    """Return the text that a function of stats or events writes; None: there is none now, or ever (END raises)."""
    n = c_size_t()
    while True:
        buf = ctypes.create_string_buffer(size)
        code = call(handle, buf, size, ctypes.byref(n))
        if code == OK:
            return buf.raw[: n.value]
        if code == AGAIN:
            return None
        if code == END:
            raise EOFError
        if code != ERR_SPACE:
            check(code)
        size = max(2 * size, n.value)


class PyBuffer(Structure):
    """Py_buffer of CPython's buffer protocol, which is part of the stable ABI since 3.11 and was so laid out before."""

    _fields_ = [
        ("buf", c_void_p),
        ("obj", ctypes.py_object),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", c_int),
        ("ndim", c_int),
        ("format", c_char_p),
        ("shape", POINTER(ctypes.c_ssize_t)),
        ("strides", POINTER(ctypes.c_ssize_t)),
        ("suboffsets", POINTER(ctypes.c_ssize_t)),
        ("internal", c_void_p),
    ]


class Borrowed:
    """The memory of a bytes-like object, which cannot change its size or go away until release."""

    __slots__ = ("_view", "address", "length")

    def __init__(self, data: Any, name: str = "data") -> None:
        self._view: PyBuffer | None = None
        view = PyBuffer()
        try:
            ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(data), ctypes.byref(view), 0)
        except (TypeError, BufferError) as error:
            raise TypeError(f"{name}: a bytes-like object is needed, not {type(data).__name__}: {error}") from None
        self._view = view
        self.address, self.length = view.buf, view.len

    def release(self) -> None:
        """Give the memory back."""
        if self._view is not None:
            ctypes.pythonapi.PyBuffer_Release(ctypes.byref(self._view))
            self._view = None

    def __enter__(self) -> Borrowed:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __del__(self) -> None:
        self.release()


_HUGE_FROM = 8 << 20  # bytes
# The advice to make large pages; None where the system, or its Python, does not know it.
_HUGE: int | None = getattr(mmap, "MADV_HUGEPAGE", None) if sys.platform == "linux" else None


def unfilled(size: int) -> bytes:
    """Return bytes that say nothing yet: whoever asks for them fills them, by Borrowed, before anybody else has them. A
    bytearray would be cleared first, and copied in the end."""
    new = ctypes.pythonapi.PyBytes_FromStringAndSize
    new.argtypes, new.restype = [c_void_p, c_ssize_t], ctypes.py_object
    made: bytes = new(None, size)
    if size >= _HUGE_FROM and _HUGE is not None:
        # Else the system makes small pages, one by one, while it is filled. It may refuse; that does no harm.
        with Borrowed(made) as memory:
            start = -(-memory.address // mmap.PAGESIZE) * mmap.PAGESIZE
            length = (memory.address + size - start) // mmap.PAGESIZE * mmap.PAGESIZE
            ctypes.CDLL(None).madvise(c_void_p(start), c_size_t(length), c_int(_HUGE))
    return made


__all__ = ["BufferTooSmall", "Borrowed", "check", "lib", "path", "text_of", "unfilled"]
