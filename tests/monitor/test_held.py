"""What was read of a stream before a format claimed it is handed on whole, with its cuts."""

from __future__ import annotations

import pytest

from lossmon.monitor.held import KEPT, HeldTail
from lossmon.sources.base import Read, Tail


class _Scripted(Tail):
    """Brings what the test says."""

    path = "host:log"

    def __init__(self, reads: list[Read]) -> None:
        self.reads = reads

    def changed(self) -> bool:
        return bool(self.reads)

    def read(self, limit: int) -> Read:
        return self.reads.pop(0) if self.reads else Read()

    def close(self) -> None:
        return


@pytest.mark.parametrize("limit", [3, 100])
def test_a_log_that_is_rotated_before_it_is_claimed_loses_nothing(limit: int) -> None:
    held = HeldTail(
        _Scripted([Read(b"one"), Read(b" two\n"), Read(b"three\n", "replaced"), Read(b"four\n")])
    )
    for _ in range(3):
        held.fetch()
    assert held.head == b"three\n", "a format is told by what is there now"
    found: list[tuple[str, bytes]] = []
    while held.changed():
        read = held.read(limit)
        if read.cut or not found:
            found.append((read.cut, b""))
        found[-1] = (found[-1][0], found[-1][1] + read.data)
    assert found == [("", b"one two\n"), ("replaced", b"three\nfour\n")]


def test_what_is_kept_of_many_generations_is_bounded() -> None:
    held = HeldTail(_Scripted([Read(b"%d\n" % n, "replaced" if n else "") for n in range(100)]))
    while held.fetch():
        continue
    got = b""
    while held.changed():
        got += held.read(100).data
    assert got == b"".join(b"%d\n" % n for n in range(100 - KEPT - 1, 100))
