"""What tests share."""

from __future__ import annotations

import os
import random
import socket

import pytest


@pytest.fixture()
def content() -> bytes:
    return random.Random(1).randbytes(300_000)


@pytest.fixture()
def port() -> int:
    """Return a UDP port that nobody has, and that the system gives to nobody who asks for any."""
    while True:
        found = 20000 + (os.getpid() * 7 + random.randrange(1000)) % 12000
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("", found))
            except OSError:
                continue
        return found
