"""What a process does around the library: threads, fork, signals, leaks."""

from __future__ import annotations

import gc
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

import flute_node
from flute_node import Receiver, Sender
from flute_node._lib import lib

# Packets and objects of the leak test; FLUTE_NODE_LONG takes those of the issue.
PACKETS, OBJECTS = (1_000_000, 10_000) if os.environ.get("FLUTE_NODE_LONG") else (200_000, 2_000)


def run(code: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout, check=False)


def test_import_is_lazy_and_loads_nothing_large() -> None:
    done = run("import sys, flute_node; print(flute_node._lib._loaded, 'asyncio' in sys.modules)")
    assert done.stdout.split() == ["None", "False"], done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_an_older_library_is_told(tmp_path: pathlib.Path) -> None:
    cc = shutil.which("cc")
    if cc is None:
        pytest.skip("there is no cc")
    (tmp_path / "old.c").write_text("unsigned flute_abi_version(void) { return 1; }")
    subprocess.run([cc, "-shared", "-fPIC", "-o", tmp_path / "old.so", tmp_path / "old.c"], check=True)
    env = {**os.environ, "FLUTE_NODE_LIBRARY": str(tmp_path / "old.so")}
    end = subprocess.run(
        [sys.executable, "-c", "import flute_node; flute_node.Receiver()"], capture_output=True, text=True, timeout=60,
        check=False, env=env,
    )
    assert end.returncode == 1 and "has ABI version 1, 2 is needed" in end.stderr, end.stderr


def test_fork_after_use_is_told() -> None:
    done = run("""
import os, sys, flute_node
receiver = flute_node.Receiver()
if (child := os.fork()) == 0:
    for use in (lambda: receiver.push(b"a"), flute_node.Sender, receiver.events):
        try:
            use()
        except flute_node.ForkError as error:
            assert "fork" in str(error)
        else:
            os._exit(1)
    receiver.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert receiver.push(b"a") == "truncated"
print("fine")
""")
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork_before_use_works() -> None:
    done = run("""
import os, flute_node
if (child := os.fork()) == 0:
    os._exit(0 if flute_node.Receiver().push(b"a") == "truncated" else 1)
assert os.waitpid(child, 0)[1] == 0
print("fine")
""")
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_a_wait() -> None:
    for wait in ("node.next_event()", "sending.wait()", "[e for e in node.events()]"):
        process = subprocess.Popen(
            [sys.executable, "-c", f"""
import flute_node
node = flute_node.Node()
sending = node.send("127.0.0.1:9", 7)
while True:
    try:
        node.next_event(timeout=1)
    except TimeoutError:
        break
try:
    print("ready", flush=True)
    {wait}
except KeyboardInterrupt:
    node.close()
    print("interrupted")
"""],
            stdout=subprocess.PIPE, text=True,
        )
        assert process.stdout and process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=40)
        assert out == "interrupted\n" and process.returncode == 0


def test_exit_without_close() -> None:
    done = run("""
import flute_node
node = flute_node.Node()
sending = node.send("127.0.0.1:9", 7)
sending.add(b"x" * 1000000, "x")
sender = flute_node.Sender()
sender.add(b"x" * 1000, "x")
print("fine")
""")
    assert (done.stdout, done.stderr, done.returncode) == ("fine\n", "", 0)


def test_threads_share_a_sender_and_a_receiver(content: bytes) -> None:
    with Sender(fec="raptorq") as sender, Receiver() as receiver:
        sender.add(content, "x")
        faults: list[BaseException] = []

        def carry() -> None:
            try:
                while (datagram := sender.read()) is not None:
                    receiver.push(datagram)
            except BaseException as error:  # noqa: BLE001 - it is told below
                faults.append(error)

        threads = [threading.Thread(target=carry) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not faults
        assert receiver.objects() == {"x": content}


def test_calls_let_other_threads_run() -> None:
    content = os.urandom(64 << 20)
    ticks, most, done = 0, 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    with Sender(digest="md5") as sender:
        thread.start()
        for i in range(5):  # on a machine that has other work the thread may wait for a processor
            before = ticks
            sender.add(content, f"x{i}")  # computes an MD5, 0.1 s at least
            most = max(most, ticks - before)
            if most > 5:
                break
        done.set()
        thread.join()
    assert most > 5


def test_threads_close_under_each_other() -> None:
    for _ in range(50):
        receiver = Receiver()

        def push(receiver: Receiver = receiver) -> None:
            try:
                while True:
                    receiver.push(b"x" * 20)
            except flute_node.ClosedError:
                pass

        threads = [threading.Thread(target=push) for _ in range(4)]
        for t in threads:
            t.start()
        time.sleep(0.002)
        receiver.close()
        for t in threads:
            t.join(10)
            assert not t.is_alive()


def _rss() -> int:
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc")
def test_nothing_leaks() -> None:
    def objects(n: int) -> None:
        with Sender(fec="no-code", parallel=10) as sender, Receiver() as receiver:
            left = n
            while left or not sender.done:
                for _ in range(min(100, left)):
                    sender.add(bytes([left % 256]) * 3000, f"{left}")
                    left -= 1
                while (datagram := sender.read()) is not None:
                    receiver.push(datagram)
                receiver.objects()
                sender.events()
            assert sender.stats()["completed"] == n

    def packets(n: int) -> None:
        with Receiver() as receiver:
            for i in range(n):
                receiver.push(b"\x10\xa0\x04\x00" + i.to_bytes(12, "big") if i % 2 else b"garbage")

    def handles(n: int) -> None:
        for _ in range(n):
            Sender().add(b"x" * 10_000, "x")
            Receiver()

    for _ in range(2):  # what is kept once is kept now
        objects(OBJECTS // 4)
        packets(PACKETS // 4)
        handles(50)
    handles_before = lib().flute_handles()
    grown = []
    for _ in range(4):  # what leaks grows each time; garbage that the library has not collected yet does not
        gc.collect()
        before = _rss()
        objects(OBJECTS)
        packets(PACKETS)
        handles(200)
        gc.collect()
        assert lib().flute_handles() == handles_before
        grown.append((_rss() - before) >> 20)
        if grown[-1] < 48:
            return
    raise AssertionError(f"{grown} MiB more")
