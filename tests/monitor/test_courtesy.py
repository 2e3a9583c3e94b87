"""The thread that reads waits for who looks, and not for ever."""

from __future__ import annotations

import threading

import pytest

from lossmon.monitor.courtesy import Courtesy


def test_a_key_goes_before_the_next_piece_of_work_at_most_half_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, waits, stop = [100.0], list[float](), threading.Event()
    courtesy = Courtesy(stop)

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        clock[0] += seconds
        return False

    monkeypatch.setattr("lossmon.monitor.courtesy.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(stop, "wait", wait)
    courtesy.make_way()
    assert waits == []
    courtesy.give_way(0.5)
    courtesy.make_way()
    assert waits == [0.5]
    for _ in range(8):  # keys that come without end
        courtesy.give_way(0.5)
        courtesy.make_way()
        clock[0] += 0.25
    assert sum(waits) <= (clock[0] - 100.0) / 2 + 0.5
    assert len(waits) > 2


def test_nobody_looks_for_a_while_and_then_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, waits, stop = [5.0], list[float](), threading.Event()
    courtesy = Courtesy(stop)

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    monkeypatch.setattr("lossmon.monitor.courtesy.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(stop, "wait", wait)
    courtesy.wait_for_eyes()
    courtesy.rest(0.4)
    clock[0] += 0.1
    courtesy.wait_for_eyes()
    clock[0] += 0.4
    courtesy.wait_for_eyes()
    assert waits == [pytest.approx(0.3)]
