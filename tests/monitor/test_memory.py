"""Pages that hold nothing go back to the system, rarely, and while nothing is to be done."""

from __future__ import annotations

import pytest

from lossmon.monitor import memory
from lossmon.monitor.memory import TRIM_SECONDS, FreedMemory


def test_it_is_asked_for_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(memory.time, "monotonic", lambda: now)
    asked: list[int] = []
    freed = FreedMemory(asked.append)
    assert not freed.give_back(1)
    now += TRIM_SECONDS
    assert freed.give_back(2)
    assert not freed.give_back(3)
    now += TRIM_SECONDS
    assert not freed.give_back(2)  # nothing was done since
    assert freed.give_back(4)
    assert asked == [0, 0]


def test_where_the_allocator_cannot_be_asked_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "_malloc_trim", lambda: None)
    monkeypatch.setattr(memory, "TRIM_SECONDS", 0.0)
    assert not FreedMemory().give_back(1)


def test_the_allocator_of_this_system_takes_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    if memory._malloc_trim() is None:
        pytest.skip("not glibc")
    monkeypatch.setattr(memory, "TRIM_SECONDS", 0.0)
    assert FreedMemory().give_back(1)
