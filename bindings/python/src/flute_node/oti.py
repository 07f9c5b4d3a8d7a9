"""FEC Object Transmission Information (RFC 5052, section 6.2): which FEC scheme, and its numbers."""

from __future__ import annotations

from ctypes import byref, sizeof
from typing import Any

from . import _check, _lib
from .errors import ConfigError

_NAMES = {
    0: "no-code", 1: "raptor", 2: "rs2m", 3: "ldpc-staircase", 4: "ldpc-triangle", 5: "rs28", 6: "raptorq",
    129: "rs28-under-specified",
}
_FTI = {"every": 0, "first": 1, "fdt": 2}
_VARIANTS = ("", "rizzo", "rfc5510-8.2.1", "backblaze")


class OTI:
    """The FEC of a session or of an object, in the numbers of the RFCs. Make it by one of its class methods.

    symbol is the length of a symbol in bytes, block the number of source symbols of a source block, repair that of the
    repair symbols of a full source block. fti says which packets carry EXT_FTI: "every", "first" (of a block), "fdt".
    """

    __slots__ = ("_struct",)

    def __init__(self, scheme: int, symbol: int, block: int, repair: int = 0, *, fti: str = "every", **more: Any) -> None:
        s = _lib.OTIStruct()
        s.size = sizeof(s)
        s.fec_encoding_id = _check.integer("scheme", scheme, 0, 255)
        s.symbol_length = _check.integer("symbol", symbol, 1, 65535)
        s.max_source_block_length = _check.integer("block", block, 1, 2**32 - 1)
        s.repair = _check.integer("repair", repair, 0, 2**31 - 1)
        if fti not in _FTI:
            raise ConfigError(f"fti {fti!r}: take one of {', '.join(_FTI)}")
        s.fti = _FTI[fti]
        limits = {
            "sub_blocks": 65535, "alignment": 255, "field_bits": 255, "group_size": 255, "n1": 255, "seed": 2**31 - 2,
            "instance": 65535, "max_encoding_symbols": 2**32 - 1,
        }
        for name, value in more.items():
            if name == "matrix":
                if value not in _VARIANTS:
                    raise ConfigError(f"matrix {value!r}: take one of {', '.join(_VARIANTS[1:])}")
                s.variant = value.encode()
            else:
                field = "fec_instance_id" if name == "instance" else name
                setattr(s, field, _check.integer(name, value, 0, limits[name]))
        self._struct = s
        _lib.check(_lib.lib().flute_oti_check(byref(s)))

    @classmethod
    def no_code(cls, symbol: int = 1400, block: int = 64, **more: Any) -> OTI:
        """Compact No-Code (RFC 5445): no repair symbols."""
        return cls(0, symbol, block, **more)

    @classmethod
    def rs28(cls, symbol: int = 1400, block: int = 64, repair: int = 16, *, matrix: str = "", **more: Any) -> OTI:
        """Reed-Solomon over GF(2^8) (RFC 5510, FEC Encoding ID 5): up to 255 symbols in a block."""
        return cls(5, symbol, block, repair, matrix=matrix, **more)

    @classmethod
    def rs28_under_specified(
        cls, symbol: int = 1400, block: int = 64, repair: int = 16, *, matrix: str = "", **more: Any
    ) -> OTI:
        """Reed-Solomon over GF(2^8) as FEC Encoding ID 129 (RFC 5445): up to 255 symbols in a block, 2^32 blocks."""
        return cls(129, symbol, block, repair, matrix=matrix, **more)

    @classmethod
    def rs2m(
        cls, symbol: int = 1400, block: int = 300, repair: int = 60, *, field_bits: int = 16, group_size: int = 1,
        matrix: str = "", **more: Any,
    ) -> OTI:
        """Reed-Solomon over GF(2^m) (RFC 5510, FEC Encoding ID 2), m from 2 to 16."""
        return cls(2, symbol, block, repair, field_bits=field_bits, group_size=group_size, matrix=matrix, **more)

    @classmethod
    def raptor(
        cls, symbol: int = 1400, block: int = 1024, repair: int = 205, *, sub_blocks: int = 1, alignment: int = 4,
        **more: Any,
    ) -> OTI:
        """Raptor (RFC 5053)."""
        return cls(1, symbol, block, repair, sub_blocks=sub_blocks, alignment=alignment, **more)

    @classmethod
    def raptorq(
        cls, symbol: int = 1400, block: int = 1024, repair: int = 205, *, sub_blocks: int = 1, alignment: int = 4,
        **more: Any,
    ) -> OTI:
        """RaptorQ (RFC 6330)."""
        return cls(6, symbol, block, repair, sub_blocks=sub_blocks, alignment=alignment, **more)

    @classmethod
    def ldpc_staircase(
        cls, symbol: int = 1400, block: int = 1000, repair: int = 250, *, n1: int = 7, seed: int = 1, **more: Any
    ) -> OTI:
        """LDPC-Staircase (RFC 5170)."""
        return cls(3, symbol, block, repair, n1=n1, seed=seed, **{"group_size": 1, **more})

    @classmethod
    def ldpc_triangle(
        cls, symbol: int = 1400, block: int = 1000, repair: int = 250, *, n1: int = 7, seed: int = 1, **more: Any
    ) -> OTI:
        """LDPC-Triangle (RFC 5170)."""
        return cls(4, symbol, block, repair, n1=n1, seed=seed, **{"group_size": 1, **more})

    @property
    def scheme(self) -> int:
        """The FEC Encoding ID."""
        return int(self._struct.fec_encoding_id)

    @property
    def symbol(self) -> int:
        """The symbol length in bytes."""
        return int(self._struct.symbol_length)

    @property
    def block(self) -> int:
        """The source symbols of a source block, at most."""
        return int(self._struct.max_source_block_length)

    @property
    def repair(self) -> int:
        """The repair symbols of a full source block."""
        return int(self._struct.repair)

    def __repr__(self) -> str:
        name = _NAMES.get(self.scheme, self.scheme)
        return f"<OTI {name}: symbol={self.symbol}, block={self.block}, repair={self.repair}>"


def struct_of(oti: OTI | None) -> Any:
    """Return what C takes for an OTI."""
    if oti is None:
        return None
    if not isinstance(oti, OTI):
        raise TypeError(f"oti: an OTI is needed, not {type(oti).__name__}")
    return byref(oti._struct)
