"""What `flute.sender` of flute-alc 1.11.7 has: Config, Oti, Sender."""

from __future__ import annotations

import os
import time
import urllib.parse
from typing import Any

from .. import _check
from ..errors import FluteError
from ..oti import OTI
from ..sender import Sender as _Sender

_CENC = ("null", "zlib", "deflate", "gzip")
_PROFILES = {"extended": "rfc6726", "ts26346l6": "mbms-extended", "rfc6726": "rfc6726"}
# Files up to this length are read when they are added; of longer ones the open file is kept.
_READ = 16 << 20
# From this length on the digest is computed while the file is sent, and announced before its last block.
_LATER = 16 << 20


def _int(name: str, value: Any, least: int, most: int) -> int:
    """Return an integer; errors are of the classes that flute-alc raises."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: '{type(value).__name__}' object cannot be interpreted as an integer")
    n = value.__index__()
    if not least <= n <= most:
        raise OverflowError(f"{name} {n}: take {least} to {most}")
    return int(n)


class Config:
    """Parameters of a session."""

    def __init__(self) -> None:
        self._fdt_duration_ms = 3_600_000
        self._fdt_start_id = 1
        self._fdt_cenc = 0
        self._fdt_xml_profile = "extended"
        self._multiplex_files = 3
        self._interleave_blocks = 4
        self.fdt_inband_sct = True

    @property
    def fdt_duration_ms(self) -> int:
        """Time after which an FDT Instance expires, in milliseconds."""
        return self._fdt_duration_ms

    @fdt_duration_ms.setter
    def fdt_duration_ms(self, value: int) -> None:
        self._fdt_duration_ms = _int("fdt_duration_ms", value, 0, 2**64 - 1)

    @property
    def fdt_start_id(self) -> int:
        """FDT Instance ID of the first FDT Instance."""
        return self._fdt_start_id

    @fdt_start_id.setter
    def fdt_start_id(self, value: int) -> None:
        self._fdt_start_id = _int("fdt_start_id", value, 0, 2**32 - 1)

    @property
    def fdt_cenc(self) -> int:
        """Content encoding of FDT Instances: 0 null, 1 zlib, 2 deflate, 3 gzip."""
        return self._fdt_cenc

    @fdt_cenc.setter
    def fdt_cenc(self, value: int) -> None:
        if _int("fdt_cenc", value, 0, 255) >= len(_CENC):
            raise TypeError("Wrong CENC parameter")
        self._fdt_cenc = value

    @property
    def fdt_xml_profile(self) -> str:
        """Schema of the FDT: "extended", or "ts26346l6"."""
        return self._fdt_xml_profile

    @fdt_xml_profile.setter
    def fdt_xml_profile(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"fdt_xml_profile: '{type(value).__name__}' object is not an instance of 'str'")
        if value.lower() not in _PROFILES:
            raise TypeError(f"fdt_xml_profile {value!r}: take one of {', '.join(_PROFILES)}")
        self._fdt_xml_profile = value.lower()

    @property
    def multiplex_files(self) -> int:
        """Files sent at once."""
        return self._multiplex_files

    @multiplex_files.setter
    def multiplex_files(self, value: int) -> None:
        self._multiplex_files = _int("multiplex_files", value, 0, 255)

    @property
    def interleave_blocks(self) -> int:
        """Source blocks of a file sent at once."""
        return self._interleave_blocks

    @interleave_blocks.setter
    def interleave_blocks(self, value: int) -> None:
        self._interleave_blocks = _int("interleave_blocks", value, 0, 255)

    def _options(self) -> dict[str, Any]:
        return {
            "fdt_duration": max(self._fdt_duration_ms, 2000) / 1000,
            "fdt_start_id": self._fdt_start_id & 0xFFFFF,
            "fdt_cenc": _CENC[self._fdt_cenc],
            "profile": _PROFILES[self._fdt_xml_profile],
            "parallel": max(self._multiplex_files, 1),
            "interleave": max(self._interleave_blocks, 1),
            "times": "sct" if self.fdt_inband_sct else "none",
            "digest": "md5",
        }


class Oti:
    """Object Transmission Information."""

    def __init__(self) -> None:
        self.fec_encoding_id = 0
        self.fec_instance_id = 0
        self.maximum_source_block_length = 64
        self.encoding_symbol_length = 1424
        self.max_number_of_parity_symbols = 0
        self.inband_fti = True

    @classmethod
    def _of(cls, scheme: int, symbol: Any, block: Any, parity: Any, most: int) -> Oti:
        o = cls()
        o.fec_encoding_id = scheme
        o.encoding_symbol_length = _int("encoding_symbol_length", symbol, 0, 65535)
        o.maximum_source_block_length = _int("maximum_source_block_length", block, 0, most)
        o.max_number_of_parity_symbols = _int("max_number_of_parity_symbols", parity, 0, most)
        if scheme and o.maximum_source_block_length + o.max_number_of_parity_symbols > 255:
            raise TypeError(
                "Encoding Block Length (Source Block Length + Number of parity symbols) must be <= 255"
            )
        return o

    @staticmethod
    def new_no_code(encoding_symbol_length: int, maximum_source_block_length: int) -> Oti:
        """No FEC."""
        return Oti._of(0, encoding_symbol_length, maximum_source_block_length, 0, 65535)

    @staticmethod
    def new_reed_solomon_rs28(
        encoding_symbol_length: int, maximum_source_block_length: int, max_number_of_parity_symbols: int
    ) -> Oti:
        """Reed-Solomon over GF(2^8), FEC Encoding ID 5."""
        return Oti._of(5, encoding_symbol_length, maximum_source_block_length, max_number_of_parity_symbols, 255)

    @staticmethod
    def new_reed_solomon_rs28_under_specified(
        encoding_symbol_length: int, maximum_source_block_length: int, max_number_of_parity_symbols: int
    ) -> Oti:
        """Reed-Solomon over GF(2^8), FEC Encoding ID 129."""
        return Oti._of(129, encoding_symbol_length, maximum_source_block_length, max_number_of_parity_symbols, 65535)

    @property
    def max_transfer_length(self) -> int:
        """The longest object, in bytes, that flute-alc can send with it. This library can send longer ones."""
        blocks = {0: 65535, 5: 255}.get(self.fec_encoding_id, 2**32 - 1)
        most = self.encoding_symbol_length * self.maximum_source_block_length * blocks
        return min(most, 2**48 - 1)

    @property
    def parity_symbols_percentage(self) -> float | None:
        """Repair symbols in percent of the source symbols; None: the scheme has none, or it was not set so."""
        return self.__dict__.get("_percentage")

    @parity_symbols_percentage.setter
    def parity_symbols_percentage(self, value: float | None) -> None:
        if value is not None:
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"must be real number, not {type(value).__name__}")
            self.max_number_of_parity_symbols = round(self.maximum_source_block_length * value / 100)
        self.__dict__["_percentage"] = value

    def _new(self) -> OTI:
        fti = "every" if self.inband_fti else "fdt"
        scheme, repair = self.fec_encoding_id, self.max_number_of_parity_symbols
        more: dict[str, Any] = {"fti": fti}
        if scheme in (1, 6):
            more.update(sub_blocks=1, alignment=4)
        if scheme == 2:
            more.update(field_bits=8, group_size=1)
        if scheme in (5, 129, 2):
            more["instance"] = self.fec_instance_id
        try:
            return OTI(
                scheme, self.encoding_symbol_length, self.maximum_source_block_length, repair if scheme else 0, **more
            )
        except FluteError as error:
            raise TypeError(str(error)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        most = {
            "fec_instance_id": 65535, "maximum_source_block_length": 2**32 - 1, "encoding_symbol_length": 65535,
            "max_number_of_parity_symbols": 2**32 - 1, "fec_encoding_id": 255,
        }.get(name)
        if most is not None:
            value = _int(name, value, 0, most)
        if name == "fec_encoding_id" and value not in (0, 1, 2, 5, 6, 129):
            raise TypeError("Invalid FEC Encoding ID")
        super().__setattr__(name, value)


class Sender:
    """A FLUTE sender."""

    def __init__(self, tsi: int, oti: Oti, config: Config) -> None:
        for name, value, kind in (("oti", oti, Oti), ("config", config, Config)):
            if not isinstance(value, kind):
                raise TypeError(f"{name}: '{type(value).__name__}' is not an instance of '{kind.__name__}'")
        if _int("tsi", tsi, 0, 2**64 - 1) >= 2**48:
            raise ValueError("TSI does not fit in the 48-bit LCT TSI field")
        self._sender = _Sender(tsi, oti=oti._new(), manual=True, **config._options())
        self._added = False
        self._ready = self._sender._ready

    def add_file(
        self, filepath: str, cenc: int, content_type: str, content_location: str | None = None, oti: Oti | None = None
    ) -> int:
        """Add a file, and return its TOI."""
        path = _check.path("filepath", filepath)
        if not 0 <= _int("cenc", cenc, 0, 255) < len(_CENC):
            raise TypeError("Unknown cenc")
        if content_location is None:
            content_location = "file:///" + urllib.parse.quote(os.path.basename(path))
        try:
            if os.path.getsize(path) <= _READ:
                with open(path, "rb") as f:
                    return self._add(f.read(), content_type, content_location, oti, _CENC[cenc])
        except OSError as error:
            raise TypeError(str(error)) from None
        return self._add(path, content_type, content_location, oti, _CENC[cenc], add=self._sender.add_file)

    def add_object_from_buffer(
        self, content: bytes, content_type: str, content_location: str, oti: Oti | None = None
    ) -> int:
        """Add a file of bytes, and return its TOI."""
        if not isinstance(content, bytes):
            raise TypeError(f"content: '{type(content).__name__}' object is not an instance of 'bytes'")
        return self._add(content, content_type, content_location, oti, "null")

    def _add(
        self, content: Any, content_type: str, content_location: str, oti: Oti | None, cenc: str, add: Any = None
    ) -> int:
        _check.text("content_type", content_type)
        if not urllib.parse.urlsplit(_check.text("content_location", content_location)).scheme:
            raise TypeError("content_location: relative URL without a base")
        if oti is not None and not isinstance(oti, Oti):
            raise TypeError(f"oti: '{type(oti).__name__}' is not an instance of 'Oti'")
        later = "md5,later" if add is not None or len(content) >= _LATER else None
        try:
            toi = (add or self._sender.add)(
                content, content_location=content_location, content_type=content_type, cenc=cenc, digest=later,
                oti=None if oti is None else oti._new(),
            )
        except FluteError as error:
            raise TypeError(str(error)) from None
        self._added = True
        return int(toi)

    def publish(self) -> None:
        """Publish the modification of the FDT: files that were added are sent."""
        self._added = False
        self._sender.publish()

    def read(self) -> bytes | None:
        """Return the next packet; None: there is none now."""
        try:
            return self._ready.pop()  # in short, for the most frequent case
        except IndexError:
            return self._read()

    def _read(self) -> bytes | None:
        if self._added:  # as flute-alc, which sends what was not published
            self.publish()
        packet = self._sender.read()
        while packet is None and not self._sender.done:
            # Programs take None for the end. The last blocks of a large file wait for its digest to be announced.
            at = self._sender.deadline()
            if at is None:
                return None
            time.sleep(min(max(0.001, at - time.time()), 0.1))
            packet = self._sender.read()
        return packet

    def nb_objects(self) -> int:
        """Return the number of objects that are being sent, or wait for it."""
        return int(self._sender.stats()["pending"])

    def remove_object(self, toi: int) -> bool:
        """Remove an object, and return whether it was there."""
        return self._sender.remove(toi)

    def close(self) -> None:
        """Free the sender. flute-alc has no such method: there, and here, the end of the object does it, too."""
        self._sender.close()
