"""flute_node.compat beside flute-alc 1.11.7: the examples of its README, with only the import changed."""

from __future__ import annotations

import gc
import importlib
import pathlib
import random
import time
from typing import Any

import pytest

OURS, THEIRS = "flute_node.compat", "flute"


def load(name: str) -> Any:
    return importlib.import_module(name) if name == OURS else pytest.importorskip(name, reason="pip install flute-alc")


# The two examples of the README of flute-alc, as functions of the package that they import.
def send(package: str, path: pathlib.Path) -> list[bytes]:
    flute = load(package)
    sender = flute.sender
    sender_config = sender.Config()
    oti = sender.Oti.new_no_code(1400, 64)
    flute_sender = sender.Sender(1, oti, sender_config)
    flute_sender.add_file(str(path), 0, "application/octet-stream", None, None)
    flute_sender.publish()
    packets = []
    while True:
        alc_pkt = flute_sender.read()
        if alc_pkt == None:  # noqa: E711 - so it stands there
            break
        packets.append(alc_pkt)
    return packets


def receive(package: str, packets: list[bytes], folder: pathlib.Path) -> None:
    flute = load(package)
    receiver = flute.receiver
    receiver_writer = receiver.ObjectWriterBuilder(str(folder))
    receiver_config = receiver.Config()
    tsi = 1
    udp_endpoint = receiver.UDPEndpoint("224.0.0.1", 1234)
    flute_receiver = receiver.Receiver(udp_endpoint, tsi, receiver_writer, receiver_config)
    for pkt in packets:
        flute_receiver.push(bytes(pkt))


BOTH = [(a, b) for a in (OURS, THEIRS) for b in (OURS, THEIRS)]


@pytest.mark.parametrize(("a", "b"), BOTH)
@pytest.mark.parametrize("size", [0, 1, 1400, 300_000, 20_000_000])
def test_examples_of_the_readme(a: str, b: str, size: int, tmp_path: pathlib.Path) -> None:
    content = random.Random(size).randbytes(size)
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    folder = tmp_path / "in"
    folder.mkdir()
    if size == 0 and (a, b) != (OURS, OURS):
        pytest.skip("flute-alc does not take files of no bytes")
    receive(b, send(a, path), folder)
    assert [p.read_bytes() for p in folder.rglob("file.bin")] == [content]


@pytest.mark.parametrize(("a", "b"), BOTH)
@pytest.mark.parametrize("make", ["new_reed_solomon_rs28", "new_reed_solomon_rs28_under_specified"])
def test_loss_is_repaired(a: str, b: str, make: str, content: bytes, tmp_path: pathlib.Path) -> None:
    sender, receiver = load(a).sender, load(b).receiver
    s = sender.Sender(7, getattr(sender.Oti, make)(1400, 40, 20), sender.Config())
    assert s.add_object_from_buffer(content, "text/plain", "file:///dir/x.bin", None) == 1
    assert s.nb_objects() == 1
    s.publish()
    m = receiver.MultiReceiver(receiver.ObjectWriterBuilder(str(tmp_path)), receiver.Config())
    endpoint = receiver.UDPEndpoint("224.0.0.1", 3400, "192.0.2.1")
    n = 0
    while (packet := s.read()) is not None:
        n += 1
        if n % 10 != 5:
            m.push(endpoint, bytes(packet))
    assert (tmp_path / "dir" / "x.bin").read_bytes() == content
    assert s.nb_objects() == 0


@pytest.mark.parametrize("package", [OURS, THEIRS])
def test_same_answers(package: str, tmp_path: pathlib.Path) -> None:
    flute = load(package)
    sender, receiver = flute.sender, flute.receiver
    config = sender.Config()
    said = {k: getattr(config, k) for k in dir(config) if not k.startswith("_")}
    assert said == {
        "fdt_cenc": 0, "fdt_duration_ms": 3600000, "fdt_inband_sct": True, "fdt_start_id": 1,
        "fdt_xml_profile": "extended", "interleave_blocks": 4, "multiplex_files": 3,
    }
    oti = sender.Oti.new_reed_solomon_rs28(1400, 64, 16)
    said = {k: getattr(oti, k) for k in dir(oti) if not k.startswith(("_", "new_"))}
    assert said == {
        "encoding_symbol_length": 1400, "fec_encoding_id": 5, "fec_instance_id": 0, "inband_fti": True,
        "max_number_of_parity_symbols": 16, "max_transfer_length": 22848000, "maximum_source_block_length": 64,
        "parity_symbols_percentage": None,
    }
    assert sender.Oti().encoding_symbol_length == 1424
    config = receiver.Config()
    assert (config.max_objects_error, config.object_timeout_ms, config.session_timeout_ms) == (0, 10000, None)
    no_code = sender.Oti.new_no_code(1400, 64)
    for error, call in (
        (ValueError, lambda: sender.Sender(2**48, no_code, sender.Config())),
        (TypeError, lambda: sender.Sender("a", no_code, sender.Config())),
        (OverflowError, lambda: sender.Sender(-1, no_code, sender.Config())),
        (TypeError, lambda: sender.Sender(1, None, sender.Config())),
        (TypeError, lambda: sender.Oti.new_reed_solomon_rs28(1400, 250, 16)),
        (OverflowError, lambda: sender.Oti.new_no_code(70000, 64)),
        (TypeError, lambda: setattr(sender.Config(), "fdt_cenc", 9)),
        (TypeError, lambda: setattr(sender.Oti(), "fec_encoding_id", 77)),
        (TypeError, lambda: receiver.ObjectWriterBuilder("/nonexistent/x")),
        (TypeError, lambda: receiver.LCTHeader(b"abc")),
        (OverflowError, lambda: receiver.UDPEndpoint("224.0.0.1", 99999)),
    ):
        with pytest.raises(error):
            call()
    s = sender.Sender(1, no_code, sender.Config())
    for call in (
        lambda: s.add_object_from_buffer(bytearray(b"a"), "text/plain", "file:///a", None),
        lambda: s.add_object_from_buffer(b"a", "text/plain", "a.txt", None),
        lambda: s.add_file("/nonexistent", 0, "text/plain", None, None),
        lambda: s.add_file(__file__, 9, "text/plain", None, None),
    ):
        with pytest.raises(TypeError):
            call()
    toi = s.add_object_from_buffer(b"hello", "text/plain", "file://hello.txt")
    assert (s.remove_object(77), s.remove_object(toi), s.nb_objects()) == (False, True, 0)
    toi = s.add_object_from_buffer(b"hello", "text/plain", "file:///hello.txt")
    s.publish()
    headers = []
    while (packet := s.read()) is not None:
        headers.append(receiver.LCTHeader(bytes(packet)))
    data = [h for h in headers if h.toi == toi]
    assert [(h.tsi, h.cci, h.sbn, h.esi) for h in data] == [(1, 0, 0, 0)]


def test_what_flute_alc_misses(content: bytes) -> None:
    from flute_node.compat import receiver, sender

    s = sender.Sender(1, sender.Oti.new_no_code(1400, 64), sender.Config())
    s.add_object_from_buffer(content, "text/plain", "file:///x.bin")
    writer = receiver.ObjectWriterBuilder.new_buffer()
    r = receiver.Receiver(receiver.UDPEndpoint("224.0.0.1", 1234), 1, writer, receiver.Config())
    while (packet := s.read()) is not None:
        assert r.push(packet) in ("accepted", "duplicate")
    assert r.push(b"no packet").dropped
    assert writer.objects() == {"x.bin": content}
    r.cleanup()
    r.close()
    s.close()
    for scheme in (1, 6):
        oti = sender.Oti()
        oti.fec_encoding_id, oti.encoding_symbol_length, oti.parity_symbols_percentage = scheme, 1400, 50
        assert oti.max_number_of_parity_symbols == 32
        sender.Sender(1, oti, sender.Config()).close()


def test_a_receiver_ends_with_its_object() -> None:
    from flute_node._lib import lib
    from flute_node.compat import receiver, sender

    before = lib().flute_handles()
    writer = receiver.ObjectWriterBuilder.new_buffer()
    for i in range(5):
        s = sender.Sender(1, sender.Oti.new_no_code(1400, 64), sender.Config())
        s.add_object_from_buffer(b"x" * 100, "text/plain", f"file:///{i}.bin")
        r = receiver.Receiver(receiver.UDPEndpoint("224.0.0.1", 1234), 1, writer, receiver.Config())
        while (packet := s.read()) is not None:
            r.push(packet)
    del s, r
    gc.collect()
    assert lib().flute_handles() == before
    assert sorted(writer.objects()) == [f"{i}.bin" for i in range(5)]


def test_silent_sessions_end() -> None:
    from flute_node.compat import receiver, sender

    m = receiver.MultiReceiver(receiver.ObjectWriterBuilder.new_buffer(), receiver.Config())
    for tsi in range(1, 4):  # none of them says that it ends
        s = sender.Sender(tsi, sender.Oti.new_no_code(1400, 64), sender.Config())
        s.add_object_from_buffer(b"x" * 100, "text/plain", "file:///x.bin")
        while (packet := s.read()) is not None:
            m.push(receiver.UDPEndpoint("224.0.0.1", 1234), packet)
    assert m._receiver.stats()["sessions"] == 3
    m._receiver.cleanup(time.time() + 2 * 86400)
    assert m._receiver.stats()["sessions"] == 0
