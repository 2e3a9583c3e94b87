"""Rotation in the middle of a look: what is done between two steps of it, made to happen there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.sources import files
from lossmon.sources.files import FileTail
from lossmon.sources.generations import begins
from lossmon.sources.rotation import UnsettledError

from .conftest import drain, text_of


def lines(start: int, stop: int) -> bytes:
    return b"".join(b"step %d loss 0.%06d\n" % (step, step * 7919) for step in range(start, stop))


def shift(log: Path) -> None:
    """Make room for a new `.1`."""
    for number in (3, 2, 1):
        part = log.with_name(f"{log.name}.{number}")
        if part.exists():
            part.rename(log.with_name(f"{log.name}.{number + 1}"))


def copy(log: Path) -> None:
    shift(log)
    log.with_name(f"{log.name}.1").write_bytes(log.read_bytes())


def once_after(
    method: str, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch, call: int = 1
) -> None:
    """Do something right after the tail has called one of its own methods so many times."""
    original = getattr(FileTail, method)
    called = 0

    def wrapped(self: FileTail, *arguments: object) -> object:
        nonlocal called
        result = original(self, *arguments)
        called += 1
        if called == call:
            work()
        return result

    monkeypatch.setattr(FileTail, method, wrapped)


def read_out(tail: FileTail) -> bytes:
    """Read until three looks in a row bring nothing: what is unsettled is tried again."""
    got, quiet = b"", 0
    while quiet < 3:
        read = tail.read(1 << 18)
        got += read.data
        quiet = 0 if read.data else quiet + 1
    return got


def test_what_was_read_while_parts_were_renamed_is_read_again(
    log: Path, tail: FileTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write_bytes(lines(0, 5))
    assert text_of(drain(tail)) == lines(0, 5)

    def unsettled(*texts: object) -> bool:
        raise UnsettledError

    copy(log)
    log.write_bytes(lines(0, 9))
    monkeypatch.setattr(files, "begins", unsettled)
    assert tail.read(100_000).data == b""
    monkeypatch.setattr(files, "begins", begins)
    assert read_out(tail) == lines(5, 9)


@pytest.mark.parametrize("begun", [False, True], ids=["between looks", "before the first"])
def test_a_log_that_is_cut_once_its_copy_was_taken_for_a_backup(
    log: Path, tail: FileTail, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    first = b"" if begun else lines(0, 5)
    if begun:
        assert text_of(drain(tail)) == b""  # there is none yet
    else:
        log.write_bytes(first)
        assert text_of(drain(tail)) == first
        copy(log)
    log.write_bytes(lines(5, 40))
    copy(log)

    def cut() -> None:
        log.write_bytes(lines(40, 60))

    once_after("_be_sure_of", cut, monkeypatch)
    assert read_out(tail) == lines(5, 60)


def test_a_part_that_is_renamed_as_the_tail_turns_to_it(
    log: Path, tail: FileTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write_bytes(lines(0, 5))
    assert text_of(drain(tail)) == lines(0, 5)
    copy(log)
    log.write_bytes(lines(5, 40))

    def rotate(start: int, stop: int) -> None:
        copy(log)
        log.write_bytes(lines(start, stop))

    # Nothing of what is at the path was read when it is cut; then its copy gets another name.
    once_after("_begin", lambda: rotate(40, 60), monkeypatch)
    once_after("_be_sure_of", lambda: rotate(60, 70), monkeypatch, call=2)
    assert read_out(tail) == lines(5, 70)
