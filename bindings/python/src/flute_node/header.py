"""The header of a packet of ALC (RFC 5775)."""

from __future__ import annotations

from ctypes import byref
from typing import Any

from . import _lib


class Header:
    """What the header of a packet says. ConfigError, a ValueError: the bytes are no packet of ALC."""

    __slots__ = ("cci", "close_object", "close_session", "codepoint", "esi", "fdt_instance_id", "sbn", "toi", "tsi")

    def __init__(self, datagram: Any) -> None:
        s = _lib.HeaderStruct()
        with _lib.Borrowed(datagram, "datagram") as lent:
            _lib.check(_lib.lib().flute_header_parse(lent.address, lent.length, byref(s)))
        self.tsi: int = s.tsi
        self.toi: int = s.toi_high << 64 | s.toi
        self.cci: int = s.cci_high << 64 | s.cci
        self.codepoint: int = s.codepoint
        self.sbn: int | None = s.sbn if s.has_payload_id else None
        self.esi: int | None = s.esi if s.has_payload_id else None
        self.fdt_instance_id: int | None = s.fdt_instance_id if s.has_fdt else None
        self.close_session, self.close_object = bool(s.close_session), bool(s.close_object)

    def __repr__(self) -> str:
        return f"<Header tsi={self.tsi} toi={self.toi} sbn={self.sbn} esi={self.esi}>"
