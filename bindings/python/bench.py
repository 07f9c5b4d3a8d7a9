"""Measures 100 MB from sender to receiver through datagrams in memory, beside flute-alc, in the same process.

    python bench.py [--size BYTES] [--runs N]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from typing import Any


def run(package: str, make: str, arguments: tuple[int, ...], content: bytes) -> float:
    flute = importlib.import_module(package)
    start = time.perf_counter()
    sender = flute.sender.Sender(1, getattr(flute.sender.Oti, make)(*arguments), flute.sender.Config())
    sender.add_object_from_buffer(content, "application/octet-stream", "file:///x.bin", None)
    sender.publish()
    writer = flute.receiver.ObjectWriterBuilder.new_buffer()
    endpoint = flute.receiver.UDPEndpoint("224.0.0.1", 3400)
    receiver = flute.receiver.Receiver(endpoint, 1, writer, flute.receiver.Config())
    while True:
        packet = sender.read()
        if packet is None:
            break
        receiver.push(bytes(packet))
    took = time.perf_counter() - start
    if hasattr(writer, "objects") and writer.objects() != {"x.bin": content}:
        raise SystemExit(f"{package}: the file did not arrive")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000_000)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    content = os.urandom(args.size)
    for name, make, arguments in (
        ("no-code", "new_no_code", (1400, 64)),
        ("rs, 64 + 16", "new_reed_solomon_rs28_under_specified", (1400, 64, 16)),
    ):
        took: dict[str, list[float]] = {"flute": [], "flute_node.compat": []}
        for _ in range(args.runs):
            for package, times in took.items():
                times.append(run(package, make, arguments, content))
        best: dict[str, Any] = {package: round(args.size / min(times) / 1e6) for package, times in took.items()}
        ratio = min(took["flute"]) / min(took["flute_node.compat"])
        print(json.dumps({"code": name, "MB/s": best, "ratio": round(ratio, 2)}), flush=True)


if __name__ == "__main__":
    main()
