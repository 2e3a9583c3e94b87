"""What was just written is read once more, whichever clock is wrong; nothing is read for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossmon.sources import freshness
from lossmon.sources.checkpoints import Checkpoints
from lossmon.sources.documents import FileDocumentTail
from lossmon.sources.freshness import COARSE_GRAIN_SECONDS, GRAIN_SECONDS, SecondLook
from lossmon.sources.search import DirectorySearch

START = 1_700_000_000.25


class Clocks:
    """Stands for the module `time`: two clocks that go on together; the wall's may be set."""

    def __init__(self) -> None:
        self.wall = START
        self.steady = 1000.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    made = Clocks()
    monkeypatch.setattr(freshness, "time", made)
    return made


def ns(seconds: float) -> int:
    return round(seconds * 1e9)


def readings(look: SecondLook, clocks: Clocks, signature: int, stamp: float) -> int:
    """Count how often a state that stays is read in a minute, with a look every 50 ms."""
    count = 0
    for _ in range(1200):
        if look.wanted(signature):
            look.reading(signature, ns(stamp))
            count += 1
        clocks.pass_(0.05)
    return count


@pytest.mark.parametrize(
    ("age", "times"),
    [
        (0.0, 2),
        (0.9 * GRAIN_SECONDS, 2),
        (1.1 * GRAIN_SECONDS, 1),
        (86_400.0, 1),
        (-0.3, 2),  # a file server's clock is ahead of ours
        (-86_400.0, 2),
    ],
)
def test_a_state_is_read_once_or_twice_by_its_age_when_it_is_met(
    clocks: Clocks, age: float, times: int
) -> None:
    assert readings(SecondLook(), clocks, 1, START - age) == times


@pytest.mark.parametrize("ahead", [-3600.0, -0.5, 0.0, 0.5, 3600.0])
def test_a_change_that_was_watched_is_told_by_any_clock(clocks: Clocks, ahead: float) -> None:
    """A look finds another state: written since the last look, whatever its stamp says."""
    look = SecondLook()
    readings(look, clocks, 1, clocks.wall + ahead - 500)
    look.reading(1, ns(clocks.wall + ahead - 500))
    clocks.pass_(0.25)
    stamp = clocks.wall + ahead - 0.01
    assert look.wanted(2)
    look.reading(2, ns(stamp))
    assert not look.wanted(2)
    clocks.pass_(GRAIN_SECONDS + 0.001)
    assert look.wanted(2)  # and a change that left no trace is found
    assert readings(look, clocks, 2, stamp) == 1


def test_what_was_written_well_before_the_look_is_not_read_twice(clocks: Clocks) -> None:
    look = SecondLook()
    look.reading(1, ns(START - 100))
    clocks.pass_(1.0)
    assert readings(look, clocks, 2, clocks.wall - 0.5) == 1


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_a_clock_that_is_set_between_the_looks_changes_nothing(clocks: Clocks, jump: float) -> None:
    look = SecondLook()
    look.reading(1, ns(clocks.wall))
    clocks.wall += jump
    assert not look.wanted(1)
    clocks.pass_(2 * GRAIN_SECONDS)
    assert look.wanted(1)
    assert readings(look, clocks, 1, START) == 1


def test_a_stamp_of_whole_seconds_has_a_grain_of_seconds(clocks: Clocks) -> None:
    look = SecondLook()
    stamp = START - 1.25
    assert stamp.is_integer()
    look.reading(1, ns(stamp))
    clocks.pass_(0.5)
    assert not look.wanted(1)
    clocks.pass_(COARSE_GRAIN_SECONDS)
    assert look.wanted(1)


def test_what_was_forgotten_is_read_anyway(clocks: Clocks) -> None:
    look = SecondLook()
    look.reading(1, ns(START - 100))
    look.forget()
    assert look.wanted(1)
    assert readings(look, clocks, 1, START - 100) == 1


@pytest.mark.parametrize("ahead", [-86_400.0, 0.0, 86_400.0])
def test_every_user_of_it_finds_a_change_without_a_trace(
    clocks: Clocks, tmp_path: Path, ahead: float
) -> None:
    """Files and folders whose clock is a day off, changed twice within one tick of it."""
    folder = tmp_path / "run"
    folder.mkdir()
    document = folder / "trainer_state.json"
    document.write_bytes(b'{"a": 0}')
    tail, checkpoints, search = (
        FileDocumentTail(str(document)),
        Checkpoints(folder),
        DirectorySearch(str(tmp_path)),
    )

    def stamp(seconds: float) -> None:
        for path in (document, folder, tmp_path):
            os.utime(path, ns=(ns(seconds), ns(seconds)))

    def seen() -> tuple[bytes, list[str], list[str]]:
        data = tail.read(100).data if tail.changed() else b""
        found = sorted(os.path.basename(file.path) for file in search.files())
        return data, [one.name for one in checkpoints.now()], found

    stamp(clocks.wall + ahead - 500)
    seen()
    clocks.pass_(0.25)
    seen()
    at = clocks.wall + ahead
    document.write_bytes(b'{"a": 1}')
    (folder / "checkpoint-1").mkdir()
    stamp(at)
    assert seen() == (b'{"a": 1}', ["checkpoint-1"], ["trainer_state.json"])
    document.write_bytes(b'{"a": 2}')
    (folder / "checkpoint-2").mkdir()
    (tmp_path / "log.jsonl").touch()
    stamp(at)
    clocks.pass_(GRAIN_SECONDS + 0.001)
    both = ["checkpoint-1", "checkpoint-2"]
    assert seen() == (b'{"a": 2}', both, ["log.jsonl", "trainer_state.json"])
    clocks.pass_(60)
    assert seen()[0] == b""
    tail.close()
