"""The whole node: threads, asyncio, memory and folders."""

from __future__ import annotations

import asyncio
import pathlib
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
                sending.wait(20)
        done = [e for e in node.events(timeout=1) if e.name == "object_completed" and not e.sending]
        assert sorted(e.session["tsi"] for e in done) == [1, 2]
        assert into_memory.take_object("x.bin") == content
        assert (tmp_path / "in" / "x.bin").read_bytes() == content
        assert len(node.snapshot()["receptions"]) == 2
        into_folder.stop(10)
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
            sending.wait(20)
        with pytest.raises(StateError):
            sending.add(b"y", "y")


def test_asyncio_beside_http(port: int, content: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nstill here")
        await writer.drain()
        writer.close()

    async def main() -> int:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = "http://127.0.0.1:%d/" % server.sockets[0].getsockname()[1]
        served, done = 0, asyncio.Event()

        async def ask() -> None:
            nonlocal served
            while not done.is_set():
                body = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=10).read())
                assert body == b"still here"
                served += 1

        async with Node() as node:
            reception = node.receive(f"127.0.0.1:{port}")
            sending = node.send(f"127.0.0.1:{port}", 5, rate="10Mbit", fec="raptorq")
            sending.add(content, "x.bin")
            sending.finish()
            asking = asyncio.create_task(ask())
            async for event in node.events(timeout=20):
                if event.name == "object_completed" and not event.sending:
                    assert reception.read_object(event.path) == content
                    break
            else:
                pytest.fail("nothing was received")
            await sending.wait_async(20)
            done.set()
            await asking
            with pytest.raises(FluteTimeout):
                while True:
                    await node.next_event_async(timeout=0.3)
        server.close()
        return served

    assert asyncio.run(main()) > 2
