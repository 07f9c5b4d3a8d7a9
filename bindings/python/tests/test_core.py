"""The cores: every scheme, wrong use, events, content."""

from __future__ import annotations

import array
import datetime
import gc
import pathlib
import random
import sys
import time

import pytest

import flute_node
from flute_node import OTI, ClosedError, ConfigError, Endpoint, Header, NotFoundError, Receiver, Sender, StateError

SCHEMES = [
    OTI.rs28(block=40, repair=20), OTI.rs28_under_specified(block=40, repair=20), OTI.rs2m(block=40, repair=20),
    OTI.raptor(block=100, repair=50), OTI.raptorq(block=100, repair=50), OTI.ldpc_staircase(block=100, repair=80),
    OTI.ldpc_triangle(block=100, repair=80), OTI.rs28(block=40, repair=20, matrix="rfc5510-8.2.1"),
]


@pytest.mark.parametrize("oti", SCHEMES, ids=repr)
def test_every_scheme_repairs(oti: OTI, content: bytes) -> None:
    with Sender(tsi=7, oti=oti) as sender, Receiver() as receiver:
        sender.add(content, "a/b.bin", content_type="application/x-test")
        sender.complete()
        for i, datagram in enumerate(sender):
            if i % 20 != 19:
                receiver.push(datagram)
        assert receiver.objects() == {"a/b.bin": content}


def test_raptorq_with_loss() -> None:
    content = random.Random(2).randbytes(5_000_000)
    lost = random.Random(3)
    with Sender(fec="raptorq", repair=0.3) as sender, Receiver() as receiver:
        sender.add(content, "x")
        sender.complete()
        for datagram in sender:
            if lost.random() >= 0.1:
                receiver.push(datagram)
        assert receiver.objects() == {"x": content}


def test_events_and_content(content: bytes) -> None:
    with Sender(tsi=7, digest="md5") as sender, Receiver(endpoint=Endpoint("239.1.1.1", 3400, "192.0.2.1")) as receiver:
        toi = sender.add(bytearray(content), "dir/ä.bin", priority=-1)
        sender.complete()
        receiver.push_many(list(sender))
        done = [e for e in receiver.events() if e.name == "object_completed"]
        assert len(done) == 1
        event = done[0]
        assert (event.toi, event["path"], event.size, event.nonsense) == (toi, "dir/ä.bin", len(content), None)
        assert event.session["source"] == "192.0.2.1" and event.verified == ["md5"]
        assert isinstance(event.time, datetime.datetime)
        assert receiver.size_of(event.path) == len(content)
        with receiver.open_object(event.path) as f:
            f.seek(100)
            assert f.read(50) == content[100:150]
            assert f.read() == content[150:]
        part = bytearray(10)
        assert receiver.read_object_into(event.path, len(content) - 4, part) == 4
        assert receiver.take_object(event.path) == content
        with pytest.raises(NotFoundError):
            receiver.read_object(event.path)
        assert [e.name for e in sender.events()].count("object_completed") == 1


def test_folder(tmp_path: pathlib.Path, content: bytes) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(content)
    with Sender(fec="no-code") as sender, Receiver(dir=tmp_path / "in", existing="version") as receiver:
        sender.add_file(source)
        source.unlink()  # it is sent as it was when it was added
        sender.complete()
        for datagram in sender:
            receiver.push(datagram)
    assert (tmp_path / "in" / "source.bin").read_bytes() == content


def test_carousel_trigger_and_removal() -> None:
    now = 1_800_000_000.0
    with Sender(fec="no-code", carousel="delay=10s") as sender:
        toi = sender.add(b"x" * 100, "x")

        def objects(at: float) -> int:
            return sum(Header(d).toi == toi for d in sender.read_at(at))

        assert objects(now) == 1
        assert objects(now + 1) == 0
        assert objects(now + 11) == 1
        sender.trigger(toi, now + 12)
        assert objects(now + 12) == 1
        sender.pause(toi)
        assert objects(now + 60) == 0
        sender.resume(toi)
        assert objects(now + 61) == 1
        assert sender.remove(toi)
        assert objects(now + 100) == 0
        assert not sender.remove(toi)
        with pytest.raises(NotFoundError):
            sender.trigger(toi)
        assert Header(sender.close_session()).close_session
        with pytest.raises(StateError):
            sender.add(b"y", "y")


@pytest.mark.parametrize(
    ("options", "error", "field"),
    [
        ({"tsi": 2**48}, ValueError, "tsi"), ({"tsi": -1}, ValueError, "tsi"), ({"tsi": "7"}, TypeError, "tsi"),
        ({"fec": "zz"}, ValueError, "fec"), ({"fec": 5.5}, ValueError, "fec"), ({"speed": 1}, ValueError, "speed"),
        ({"repair": object()}, TypeError, "repair"), ({"oti": 5}, TypeError, "oti"), ({"symbol": 2**17}, ValueError, "symbol"),
        ({"fdt_interval": -1}, ValueError, "fdt_interval"), ({"profile": "\0"}, ValueError, "zero"),
        ({"paths": ["/etc"]}, ValueError, "paths"), ({"fdt_group": "\ud800"}, ValueError, "UTF-8"),
    ],
)
def test_wrong_options(options: dict[str, object], error: type[Exception], field: str) -> None:
    with pytest.raises(error, match=field):
        Sender(**options)  # type: ignore[arg-type]


def test_wrong_files() -> None:
    with Sender() as sender:
        for wrong in (dict(data="text", name="a"), dict(data=5, name="a"), dict(data=b"a", name=5)):
            with pytest.raises(TypeError):
                sender.add(**wrong)
        for bad in (dict(name=None), dict(name="a\0b"), dict(name="a", x=1), dict(name="a", content_location="b"),
                    dict(name="a", cenc="zip")):
            with pytest.raises(ValueError):
                sender.add(b"a", **bad)
        with pytest.raises(OSError):
            sender.add_file("/nonexistent")
        with pytest.raises(ValueError):
            OTI.rs28(block=250, repair=16)
        with pytest.raises(ConfigError, match="symbol"):
            OTI.no_code(symbol=0)
        assert sender.stats()["added"] == 0


def test_push_never_raises() -> None:
    chance = random.Random(4)
    with Sender() as sender:
        sender.add(b"hello", "x")
        good = sender.read()
    assert good
    with Receiver() as receiver:
        for n in list(range(100)) + [1500, 65000]:
            assert receiver.push(chance.randbytes(n))
        for i in range(len(good)):
            assert receiver.push(good[:i])
            broken = bytearray(good)
            broken[i] ^= 1 << chance.randrange(8)
            assert receiver.push(broken)
        assert receiver.push(b"").dropped
        assert receiver.push(memoryview(good)) in ("accepted", "duplicate")
        assert receiver.push(good, Endpoint("239.1.1.1", 3400), now=datetime.datetime.now()) == "accepted"
        for wrong in ("text", None, 5, [1]):
            with pytest.raises(TypeError, match="datagram"):
                receiver.push(wrong)
        assert receiver.push_many([good, b"x", b""])[1:] == ["truncated", "truncated"]


def test_use_after_close() -> None:
    sender, receiver = Sender(), Receiver()
    sender.close()
    receiver.close()
    sender.close()
    for call in (sender.read, sender.complete, sender.stats, sender.events, receiver.events, receiver.cleanup,
                 lambda: sender.add(b"", "a"), lambda: receiver.push(b"a"), lambda: receiver.push(memoryview(b"a")),
                 lambda: receiver.read_object("a"), lambda: receiver.push_many([b"a"])):
        with pytest.raises(ClosedError):
            call()


def test_nothing_is_read_after_close(content: bytes) -> None:
    sender = Sender(fec="no-code")
    sender.add(content, "x")
    while not sender._ready:  # until some are read ahead
        assert sender.read()
    sender.close()
    with pytest.raises(ClosedError):
        sender.read()


def test_what_is_lent_is_held_until_its_own_end() -> None:
    now = 1_800_000_000.0
    with Sender(fec="no-code") as sender:
        first, second, other = bytes(2000), bytes(3000), b"o" * 100
        free = sys.getrefcount(first), sys.getrefcount(second)
        sender.add(other, "o", carousel="delay=10s")
        sender.add(first, "a", toi=5)
        assert sys.getrefcount(first) > free[0]
        # It is sent, forgotten by FDT Instances, and nobody asks for its end before the TOI is used again.
        sender.read_at(now)
        sender._call("remove", 5, 0, None)
        for i in range(1, 20):
            sender.read_at(now + i * 1000)
        sender.add(second, "b", toi=5)
        assert (sys.getrefcount(first), sys.getrefcount(second) > free[1]) == (free[0], True)
        with pytest.raises(ConfigError):
            sender.add(first, "b")
        assert sys.getrefcount(first) == free[0]


def test_an_end_before_the_name_is_known() -> None:
    with Sender() as sender:
        data = bytes(2000)
        free = sys.getrefcount(data)
        call = sender._call

        def ended_at_once(name: str, *arguments: object) -> int:
            code = call(name, *arguments)
            if name == "add":
                sender.remove(1)
                for _ in range(1000):  # another thread asks what has ended
                    sender._settle()
                    if sender._early:
                        break
                    time.sleep(0.001)
                assert sender._early == [1]
            return code

        sender._call = ended_at_once  # type: ignore[method-assign]
        assert sender.add(data, "x") == 1
        assert sender._early == [] and sys.getrefcount(data) == free


def test_ctrl_c_within_add_keeps_what_is_lent() -> None:
    data = bytes(2000)
    free = sys.getrefcount(data)
    with Sender() as sender:
        call = sender._call

        def interrupted(name: str, *arguments: object) -> int:
            call(name, *arguments)
            raise KeyboardInterrupt

        sender._call = interrupted  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            sender.add(data, "x")
        sender._call = call  # type: ignore[method-assign]
        assert sys.getrefcount(data) > free
        assert sender.read()
    gc.collect()
    assert sys.getrefcount(data) == free


def test_a_newer_version_while_an_object_is_read() -> None:
    def carry(receiver: Receiver, tsi: int, content: bytes) -> None:
        with Sender(tsi=tsi) as sender:
            sender.add(content, "x")
            sender.complete()
            receiver.push_many(list(sender))

    with Receiver(existing="replace") as receiver:
        carry(receiver, 1, b"a" * 100_000)
        with receiver.open_object("x") as f:
            assert f.read(5) == b"aaaaa"
            f.seek(100_000)
            assert f.read() == b""
        size_of = receiver.size_of

        def newer(path: str) -> int:
            size = size_of(path)
            carry(receiver, 2, b"b" * 70_000)
            return size

        receiver.size_of = newer  # type: ignore[method-assign]
        assert receiver.read_object("x") == b"b" * 70_000
        for newest in b"d" * 90_000, b"e" * 50_000:  # longer than it was, and shorter
            def newest_of(path: str, newest: bytes = newest) -> int:
                size = size_of(path)
                carry(receiver, newest[0], newest)
                return size

            receiver.size_of = newest_of  # type: ignore[method-assign]
            assert receiver.take_object("x") == newest
            carry(receiver, newest[0] + 100, b"f" * 80_000)
        receiver.size_of = size_of  # type: ignore[method-assign]
        assert receiver.take_object("x") == b"f" * 80_000
        with pytest.raises(NotFoundError):
            receiver.take_object("x")
        carry(receiver, 5, b"g" * 80_000)
        f = receiver.open_object("x")
        carry(receiver, 3, b"c" * 60_000)
        with pytest.raises(OSError, match="newer"):
            f.read(5)


def test_push_many_takes_any_buffers() -> None:
    with Sender() as sender, Receiver() as receiver:
        sender.add(b"x" * 8, "x")
        sender.complete()
        datagrams: list[object] = list(sender)
        odd = array.array("H", bytes(20))
        assert len(receiver.push_many([odd, *datagrams])) == 1 + len(datagrams)
        assert receiver.objects() == {"x": b"x" * 8}


def test_push_many_of_one_datagram() -> None:
    with Receiver() as receiver:
        for wrong in (b"one datagram", ["text"], [None]):
            with pytest.raises(TypeError, match="^datagrams: a list of bytes-like"):
                receiver.push_many(wrong)  # type: ignore[arg-type]


def test_callback_that_raises(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    seen = []

    def callback(event: flute_node.Event) -> None:
        seen.append(event.name)
        raise RuntimeError("a fault of the program")

    with Sender() as sender, Receiver(on_event=callback) as receiver:
        sender.add(content, "x")
        sender.complete()
        for datagram in sender:
            assert receiver.push(datagram)
        assert "object_completed" in seen and "a fault of the program" in caplog.text
        assert receiver.read_object("x") == content


def test_silent_sessions_end() -> None:
    with Sender(tsi=5) as sender, Receiver(session_timeout=20) as receiver:
        sender.add(b"hello", "x")
        datagram = sender.read()
        assert datagram
        receiver.push(datagram, now=1_800_000_000)
        assert receiver.stats()["sessions"] == 1
        deadline = receiver.deadline()
        assert deadline and deadline < 1_800_000_100
        receiver.cleanup(now=1_800_000_100)
        assert receiver.stats()["sessions"] == 0
