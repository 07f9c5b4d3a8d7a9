"""What tests share."""

from __future__ import annotations

import os
import random

import pytest


@pytest.fixture()
def content() -> bytes:
    return random.Random(1).randbytes(300_000)


@pytest.fixture()
def port() -> int:
    return 20000 + (os.getpid() * 7 + random.randrange(1000)) % 12000  # no port that the system gives away
