"""A log and its tail, and helpers that read a tail to its present end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.sources.base import Read, Tail
from lossmon.sources.descriptors import DescriptorPool
from lossmon.sources.files import FileTail
from lossmon.sources.opening import open_listing
from tests.servers import s3, ssh_server

__all__ = ["s3", "ssh_server"]

PATIENCE = 20.0
"""Seconds after which an awaited event is taken to have failed."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where a log will be; nothing is there yet."""
    return tmp_path / "train.log"


@pytest.fixture
def tail(log: Path) -> Iterator[FileTail]:
    """Return its tail."""
    tail = FileTail(str(log), DescriptorPool(8))
    yield tail
    tail.close()


def drain(tail: Tail, limit: int = 4096) -> list[Read]:
    """Read until the tail says that there is nothing new; reads that bring nothing are left out."""
    reads = []
    while tail.changed():
        read = tail.read(limit)
        if read.data or read.cut or read.error or read.ended:
            reads.append(read)
        if not read.more:
            break
    return reads


def text_of(reads: list[Read]) -> bytes:
    """Return the bytes of some reads."""
    return b"".join(read.data for read in reads)


class Follower:
    """Collects what a tail with a thread of its own brings, woken by the tail itself."""

    def __init__(self) -> None:
        import threading

        self._woken = threading.Event()
        self.reads: list[Read] = []
        self.tail: Tail | None = None

    def wake(self) -> None:
        self._woken.set()

    @property
    def data(self) -> bytes:
        return text_of(self.reads)

    @property
    def errors(self) -> list[str]:
        return [read.error for read in self.reads if read.error]

    def until(self, wanted: Callable[[Follower], bool]) -> Follower:
        """Read until `wanted` holds; fails after `PATIENCE` seconds."""
        assert self.tail is not None
        end = time.monotonic() + PATIENCE
        while not wanted(self):
            self._woken.clear()
            self.reads += drain(self.tail)
            if wanted(self):
                break
            assert time.monotonic() < end, f"waited in vain; last reads: {self.reads[-3:]}"
            self._woken.wait(0.5)
        return self

    def until_data(self, data: bytes) -> Follower:
        return self.until(lambda self: self.data == data)


def listed(source: str, error: str = "") -> list[str]:
    """Return the names of what a far directory or glob holds, listed once."""
    import threading

    woken = threading.Event()
    listing = open_listing(source, follow=False, on_wake=woken.set)
    assert woken.wait(PATIENCE)
    assert error in (listing.error or "")
    assert bool(error) == bool(listing.error)
    names = []
    for path in listing.take():
        tail = listing.open(path)
        tail.close()
        names.append(tail.path)
    assert not listing.pending
    listing.close()
    return names
