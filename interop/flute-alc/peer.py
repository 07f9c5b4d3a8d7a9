#!/usr/bin/env python3
"""Sends or receives files with the Python package flute-alc, over multicast on the loopback interface.

    peer.py send    --to 239.255.70.1:3400 --tsi 1 --fec rs --symbol 1400 --block 64 --repair 20 FILE…
    peer.py receive --group 239.255.70.1:3400 FOLDER

The package has no sockets, no carousel and no rate: these are ours. `receive` never ends by itself, since the package
tells nobody that an object is complete. The options are those of `flute-node send`.
"""

from __future__ import annotations

import argparse
import math
import pathlib
import socket
import struct
import time

import flute

RECEIVE_BUFFER = 8 << 20  # bytes; the system may grant less
LOOPBACK = "127.0.0.1"
CENC = {"null": 0, "zlib": 1, "deflate": 2, "gzip": 3}


def endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def oti(o: argparse.Namespace) -> flute.sender.Oti:
    kinds = flute.sender.Oti
    parity = math.ceil(o.block * o.repair / 100)
    match o.fec:
        case "no-code":
            return kinds.new_no_code(o.symbol, o.block)
        case "rs":
            return kinds.new_reed_solomon_rs28(o.symbol, o.block, parity)
        case "rs129":
            return kinds.new_reed_solomon_rs28_under_specified(o.symbol, o.block, parity)
    raise SystemExit(f"flute-alc has no constructor for {o.fec}")


def packets(o: argparse.Namespace) -> list[bytes]:
    config = flute.sender.Config()
    config.fdt_cenc = CENC[o.fdt_cenc]
    if o.l6:
        config.fdt_xml_profile = "ts-126-346-l6"
    sender = flute.sender.Sender(o.tsi, oti(o), config)
    for path in o.files:
        sender.add_file(str(path), CENC[o.cenc], "application/octet-stream", None, None)
    sender.publish()
    out = []
    while sender.nb_objects() > 0 and (packet := sender.read()) is not None:
        out.append(bytes(packet))
    return out


def send(o: argparse.Namespace) -> None:
    to = endpoint(o.to)
    out = packets(o)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
        due = time.monotonic()
        for _ in range(o.repeat):
            for packet in out:
                due = max(due + len(packet) * 8 / (o.rate * 1e6), time.monotonic() - 0.005)
                wait = due - time.monotonic()
                if wait > 0.001:
                    time.sleep(wait)
                s.sendto(packet, to)
    print(f"sent {len(o.files)} files, {o.repeat} x {len(out)} packets")


def receive(o: argparse.Namespace) -> None:
    group, port = endpoint(o.group)
    writer = flute.receiver.ObjectWriterBuilder(str(o.folder))
    receiver = flute.receiver.MultiReceiver(writer, flute.receiver.Config())
    at = flute.receiver.UDPEndpoint(group, port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        s.bind((group, port))
        membership = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton(LOOPBACK))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        while True:
            try:
                receiver.push(at, s.recv(1 << 16))
            except TypeError as e:  # what the package raises for a packet that it does not take
                print(f"a packet was refused: {e}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    s = commands.add_parser("send")
    s.set_defaults(run=send)
    s.add_argument("--to", required=True)
    s.add_argument("--tsi", type=int, default=1)
    s.add_argument("--rate", type=float, default=60, help="Mbit/s")
    s.add_argument("--fec", default="no-code")
    s.add_argument("--symbol", type=int, default=1400)
    s.add_argument("--block", type=int, default=64)
    s.add_argument("--repair", type=float, default=20, help="percent")
    s.add_argument("--cenc", default="null", choices=CENC)
    s.add_argument("--fdt-cenc", default="null", choices=CENC)
    s.add_argument("--l6", action="store_true", help="FDT Instances after TS 26.346, section L.6")
    s.add_argument("--repeat", type=int, default=1, help="the whole session, packet by packet")
    s.add_argument("files", nargs="+", type=pathlib.Path)
    r = commands.add_parser("receive")
    r.set_defaults(run=receive)
    r.add_argument("--group", required=True)
    r.add_argument("folder", type=pathlib.Path)
    o = parser.parse_args()
    o.run(o)


if __name__ == "__main__":
    main()
