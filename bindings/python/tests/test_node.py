"""The whole node: threads, asyncio, memory and folders."""

from __future__ import annotations

import asyncio
import pathlib
import threading
import urllib.request

import pytest

from flute_node import ClosedError, ConfigError, FluteOSError, FluteTimeout, Node, StateError


def test_node(port: int, content: bytes, tmp_path: pathlib.Path) -> None:
    with Node(memory="64MiB") as node:
        into_memory = node.receive(f"127.0.0.1:{port}", tsi=[1])
        into_folder = node.receive(f"127.0.0.1:{port}", tmp_path / "in", tsi=[2])
        for tsi in 1, 2:
            with node.send(f"127.0.0.1:{port}", tsi, rate="50Mbit") as sending:
                sending.add(content, "x.bin")
                sending.finish()
                sending.wait(60)
        done = []
        for e in node.events(timeout=60):  # the machine may have other work
            if e.name == "object_completed" and not e.sending:
                done.append(e)
                if len(done) == 2:
                    break
        assert sorted(e.session["tsi"] for e in done) == [1, 2]
        assert into_memory.take_object("x.bin") == content
        assert (tmp_path / "in" / "x.bin").read_bytes() == content
        assert len(node.snapshot()["receptions"]) == 2
        into_folder.stop(60)
        with pytest.raises(ConfigError, match="group"):
            node.receive("239.1.1.1")
        with pytest.raises(ConfigError, match="speed"):
            node.send(f"127.0.0.1:{port}", speed=1)
        with pytest.raises(FluteOSError):
            node.receive("192.0.2.77:3400")  # no address of this machine
        with pytest.raises(FluteTimeout):
            while True:
                node.next_event(timeout=0)
        node.stop()
        assert "object_failed" not in [e.name for e in node.events()]  # which end
        with pytest.raises(EOFError):
            node.next_event(timeout=0)
    with pytest.raises(ClosedError):
        node.snapshot()


def test_files_that_were_not_sent(port: int) -> None:
    with Node() as node, node.send(f"127.0.0.1:{port}", rate="100kbit") as sending:
        sending.add(bytes(1_000_000), "x")
        sending.stop()
        with pytest.raises(FluteOSError, match="x: session_over"):
            sending.wait(60)
        with pytest.raises(StateError):
            sending.add(b"y", "y")
        with pytest.raises(StateError):
            sending.stats()


def test_asyncio_beside_http(port: int, content: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nstill here")
        await writer.drain()
        writer.close()

    async def main() -> int:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = "http://127.0.0.1:%d/" % server.sockets[0].getsockname()[1]
        served = 0

        async with Node() as node:
            reception = node.receive(f"127.0.0.1:{port}")
            sending = node.send(f"127.0.0.1:{port}", 5, rate="10Mbit", fec="raptorq")

            async def ask() -> None:
                nonlocal served
                for _ in range(3):
                    body = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=60).read())
                    assert body == b"still here"
                    served += 1
                sending.add(content, "x.bin")  # now: whoever waits for the file has let the server answer
                sending.finish()

            asking = asyncio.create_task(ask())
            async for event in node.events(timeout=60):
                if event.name == "object_completed" and not event.sending:
                    assert reception.read_object(event.path) == content
                    break
            else:
                pytest.fail("nothing was received")
            await sending.wait_async(60)
            await asking
            with pytest.raises(FluteTimeout):
                while True:
                    await node.next_event_async(timeout=0.3)
        server.close()
        return served

    assert asyncio.run(main()) == 3


def test_events_in_two_loops(port: int, content: bytes) -> None:
    with Node() as node:
        reception = node.receive(f"127.0.0.1:{port}")
        seen: list[str] = []
        ends: list[object] = []
        waiting = threading.Barrier(3)

        def listen() -> None:
            async def main() -> None:
                waiting.wait(60)
                async for event in node.events():  # until the node has stopped
                    seen.append(f"{event.name} {event.sending}")

            try:
                ends.append(asyncio.run(main()))
            except BaseException as error:  # noqa: BLE001 - it is told below
                ends.append(error)

        threads = [threading.Thread(target=listen, daemon=True) for _ in range(2)]
        for t in threads:
            t.start()
        waiting.wait(60)
        for tsi in range(1, 6):
            with node.send(f"127.0.0.1:{port}", tsi, rate="50Mbit") as sending:
                sending.add(content, f"{tsi}.bin")
                sending.finish()
                sending.wait(60)
        for tsi in range(1, 6):
            for _ in range(600):
                try:
                    assert reception.read_object(f"{tsi}.bin") == content
                    break
                except LookupError:
                    threading.Event().wait(0.05)
        node.stop()
        for t in threads:
            t.join(60)
            assert not t.is_alive()
        assert ends == [None, None] and seen.count("object_completed None") == 5, (ends, seen)


def test_close_ends_waits_in_other_loops() -> None:
    node = Node()
    ends: list[BaseException] = []
    ready = threading.Event()

    async def wait() -> None:
        while True:
            await node.next_event_async(timeout=30)

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0.3)
        ready.set()
        await task

    def listen() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001 - it is told below
            ends.append(error)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert ready.wait(60)
    node.close()
    thread.join(60)
    assert not thread.is_alive() and type(ends[0]) in (ClosedError, EOFError), ends


def test_close_beside_a_loop_that_ends() -> None:
    """A node is freed also if a loop in which somebody waited is closed just then. Nobody waits in another after it."""
    class Ending:
        def is_closed(self) -> bool:
            return False

        def is_running(self) -> bool:
            return True

        def call_soon_threadsafe(self, *_: object) -> None:
            raise RuntimeError("Event loop is closed")

    async def waits() -> bool:
        return await node._readable(asyncio.get_running_loop(), 20)

    node = Node()
    node._waiting[Ending()] = set()  # type: ignore[index]
    node.close()
    assert node.closed and not node._waiting
    assert asyncio.run(waits()) is False
