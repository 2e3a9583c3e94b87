"""What was written between two looks is read though rotation has zipped it at once."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.sources.descriptors import DescriptorPool
from lossmon.sources.files import FileTail
from lossmon.sources.generations import Generation
from lossmon.sources.rotation import parts_of

from .rotations import Lines, RotatedLog


def rows(start: int, stop: int) -> bytes:
    return b"".join(b'{"step": %d, "loss": %.4f}\n' % (n, 1 + 1 / n) for n in range(start, stop))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_bytes(rows(1, 11))
    return path


@pytest.fixture
def tail(log: Path) -> Iterator[FileTail]:
    opened = FileTail(str(log))
    assert drained(opened) == [("", rows(1, 11))]
    yield opened
    opened.close()


def drained(tail: FileTail) -> list[tuple[str, bytes]]:
    """Return what comes until nothing does: each cut with the bytes from there to the next."""
    found: list[tuple[str, bytes]] = []
    quiet = 0
    while quiet < 3:
        read = tail.read(100)
        quiet = 0 if read.data or read.more else quiet + 1
        if read.cut or (read.data and not found):
            found.append((read.cut, read.data))
        elif read.data:
            found[-1] = (found[-1][0], found[-1][1] + read.data)
    return found


def compress(part: Path) -> None:
    """As logrotate: the zipped file is whole before the other one goes."""
    zipped = part.with_name(part.name + ".gz")
    zipped.write_bytes(gzip.compress(part.read_bytes()))
    part.unlink()


def shift(log: Path) -> Path:
    """Make room for `log.1`."""
    for number in range(9, 0, -1):
        for ending in ("", ".gz"):
            part = Path(f"{log}.{number}{ending}")
            if part.exists():
                part.rename(f"{log}.{number + 1}{ending}")
    return Path(f"{log}.1")


def copytruncate(log: Path) -> Path:
    part = shift(log)
    part.write_bytes(log.read_bytes())
    os.truncate(log, 0)
    return part


def create(log: Path) -> Path:
    part = shift(log)
    log.rename(part)
    log.touch()
    return part


def append(log: Path, start: int, stop: int) -> None:
    with log.open("ab") as file:
        file.write(rows(start, stop))


def test_copied_truncated_and_zipped_between_two_looks(log: Path, tail: FileTail) -> None:
    append(log, 11, 21)
    compress(copytruncate(log))
    append(log, 21, 31)
    assert drained(tail) == [("", rows(11, 21)), ("truncated", rows(21, 31))]
    append(log, 31, 41)
    assert drained(tail) == [("", rows(31, 41))]


@pytest.mark.parametrize("kept", [True, False])
def test_moved_and_zipped_between_two_looks(log: Path, kept: bool) -> None:
    """On a network's file system no descriptor is kept through which the rest could be read."""
    pool = DescriptorPool(8)
    tail = FileTail(str(log), pool)
    drained(tail)
    append(log, 11, 21)
    compress(create(log))
    append(log, 21, 31)
    if not kept:
        pool.drop(tail)
    assert drained(tail) == [("", rows(11, 21)), ("replaced", rows(21, 31))]
    tail.close()


@pytest.mark.parametrize("rotate", [copytruncate, create])
@pytest.mark.parametrize("delayed", [True, False])
def test_several_generations_are_zipped_between_two_looks(
    log: Path, tail: FileTail, rotate: type[create], delayed: bool
) -> None:
    append(log, 11, 21)
    waiting: Path | None = None
    for turn in range(2, 5):
        part = rotate(log)
        if not delayed:
            compress(part)
        elif waiting is not None:
            compress(Path(f"{log}.2"))
        waiting = part
        append(log, 10 * turn + 1, 10 * turn + 11)
    found = drained(tail)
    assert b"".join(data for _, data in found) == rows(11, 51)
    assert [bool(cut) for cut, _ in found] == [False, True, True, True]


def test_what_was_read_already_is_not_read_again_when_it_is_zipped(
    log: Path, tail: FileTail
) -> None:
    """With `delaycompress` a generation is zipped one rotation later."""
    create(log)
    append(log, 11, 21)
    assert drained(tail) == [("replaced", rows(11, 21))]
    os.truncate(log, 0)
    assert drained(tail) == []
    compress(Path(f"{log}.1"))
    assert drained(tail) == []
    append(log, 21, 31)
    assert drained(tail) == [("truncated", rows(21, 31))]


@pytest.mark.parametrize("damage", ["no gzip", "half of one"])
def test_a_zipped_part_that_is_none_of_ours_is_passed_over(
    log: Path, tail: FileTail, damage: str
) -> None:
    part = Path(f"{log}.1.gz")
    whole = gzip.compress(rows(1, 500))
    part.write_bytes({"no gzip": b"\x1f\x8bnonsense", "half of one": whole[:100]}[damage])
    log.write_bytes(rows(600, 605))
    assert drained(tail) == [("truncated", rows(600, 605))]


def test_a_generation_after_one_that_was_cut_off(log: Path, tail: FileTail) -> None:
    """Nothing that was read is anywhere any more; what came after it is, zipped."""
    log.write_bytes(rows(11, 15))
    compress(copytruncate(log))
    append(log, 15, 20)
    assert drained(tail) == [("truncated", rows(11, 15)), ("truncated", rows(15, 20))]


def test_bytes_in_the_middle_decide(tmp_path: Path) -> None:
    read = Generation(modified=0.0)
    read.seen.advance(rows(1, 200))
    other = bytearray(rows(1, 300))
    other[len(rows(1, 199)) + 3] ^= 1
    (tmp_path / "log.1.gz").write_bytes(gzip.compress(bytes(other)))
    assert read.find(parts_of(str(tmp_path / "log"))) is None
    (tmp_path / "log.1.gz").write_bytes(gzip.compress(rows(1, 300)))
    assert read.find(parts_of(str(tmp_path / "log"))) == 0


# The last two had lost lines: a file was copied, cut and moved before anything of it, or more than
# the header of all generations, was read.
@pytest.mark.parametrize("seed", [*range(40), 5524, 6202])
def test_rotated_at_random(tmp_path: Path, seed: int) -> None:
    log = RotatedLog(tmp_path / "train.jsonl", seed)
    pool = DescriptorPool(8)
    tail = FileTail(str(log.path), pool)
    lines = Lines()

    def look() -> None:
        for cut, data in drained(tail):
            lines.add(cut, data)

    look()
    for _ in range(40):
        log.step()
        if log.random.random() < 0.4:
            look()
        if log.random.random() < 0.1:
            pool.drop(tail)
    look()
    tail.close()
    lines.end()
    assert lines.judge(log) == "", log.done


def test_a_few_bytes_that_the_next_generation_begins_with_too(log: Path) -> None:
    """Half a line was seen; its rest is in the copy, and the file has grown past it again."""
    log.write_bytes(rows(1, 2)[:9])
    tail = FileTail(str(log))
    assert drained(tail) == [("", b'{"step": ')]
    log.write_bytes(rows(1, 2))
    copytruncate(log)
    append(log, 2, 5)
    assert drained(tail) == [("", rows(1, 2)[9:]), ("truncated", rows(2, 5))]
    tail.close()


def test_a_few_bytes_and_a_backup_beside_them(log: Path) -> None:
    """A copy of what is still at the path is no generation of its own."""
    log.write_bytes(rows(1, 2)[:9])
    tail = FileTail(str(log))
    drained(tail)
    Path(f"{log}.1").write_bytes(log.read_bytes())
    log.write_bytes(rows(1, 4))
    assert drained(tail) == [("", rows(1, 4)[9:])]
    tail.close()


def test_the_zipped_log_of_an_earlier_training_that_logged_the_same_stays_its_own(
    log: Path, tail: FileTail
) -> None:
    """The same seed writes the same lines; only the time tells whose they are."""
    part = Path(f"{log}.1.gz")
    part.write_bytes(gzip.compress(rows(1, 100)))
    day_ago = log.stat().st_mtime - 86_400
    os.utime(part, (day_ago, day_ago))
    log.write_bytes(rows(50, 52))
    assert drained(tail) == [("truncated", rows(50, 52))]


def test_a_copy_that_has_the_inode_of_a_part_that_was_zipped(log: Path, tail: FileTail) -> None:
    """File systems give a number that became free to the next file."""
    append(log, 11, 21)
    first = copytruncate(log)
    append(log, 21, 31)
    assert drained(tail) == [("", rows(11, 21)), ("truncated", rows(21, 31))]
    zipped = Path(f"{first}.gz")
    zipped.write_bytes(gzip.compress(first.read_bytes()))
    zipped.rename(f"{log}.2.gz")
    append(log, 31, 41)
    first.write_bytes(log.read_bytes())  # the same file, and so the same number
    os.truncate(log, 0)
    append(log, 41, 51)
    assert drained(tail) == [("", rows(31, 41)), ("truncated", rows(41, 51))]


HEADER = b"".join(b"option_%d: %d\n" % (n, n) for n in range(200))
"""Three kilobytes that each training prints first."""


@pytest.mark.parametrize("own", [1, 5])
def test_a_generation_after_one_that_was_cut_off_and_began_with_the_same_header(
    log: Path, own: int
) -> None:
    """It is shorter than what was read, and no earlier state of that."""
    log.write_bytes(HEADER + rows(1, 101))
    tail = FileTail(str(log))
    drained(tail)
    log.write_bytes(HEADER + rows(101, 101 + own))
    copytruncate(log)
    log.write_bytes(HEADER + rows(110, 120))
    assert drained(tail) == [
        ("truncated", HEADER + rows(101, 101 + own)),
        ("truncated", HEADER + rows(110, 120)),
    ]
    tail.close()


def test_an_earlier_state_of_what_was_cut_off_is_not_read_again(log: Path) -> None:
    log.write_bytes(HEADER + rows(1, 51))
    tail = FileTail(str(log))
    Path(f"{log}-20260101").write_bytes(log.read_bytes())
    append(log, 51, 101)
    drained(tail)
    log.write_bytes(HEADER + rows(101, 103))
    # By a clock that goes ahead, or a copy that took long.
    later = log.stat().st_mtime + 5
    os.utime(f"{log}-20260101", (later, later))
    assert drained(tail) == [("truncated", HEADER + rows(101, 103))]
    tail.close()


def test_the_last_bytes_are_filling(log: Path) -> None:
    """What differs lies behind the header, and before the sample."""

    def padded(step: int) -> bytes:
        return HEADER + b'{"step": %d, "loss": 1.0, "text": "%s"}\n' % (step, b"x" * 2000)

    log.write_bytes(padded(1))
    tail = FileTail(str(log))
    drained(tail)
    log.write_bytes(padded(2) + rows(3, 4))
    copytruncate(log)
    assert drained(tail) == [("truncated", padded(2) + rows(3, 4))]
    tail.close()


def test_another_generation_took_the_inode_of_what_was_zipped(log: Path) -> None:
    """Each begins with all that was seen, and no descriptor was kept."""
    log.write_bytes(HEADER)
    pool = DescriptorPool(8)
    tail = FileTail(str(log), pool)
    drained(tail)
    pool.drop(tail)
    first = log.stat().st_mtime
    log.rename(f"{log}.1")
    Path(f"{log}.3.gz").write_bytes(gzip.compress(HEADER))
    Path(f"{log}.2.gz").write_bytes(gzip.compress(HEADER + rows(1, 11)))
    Path(f"{log}.1").write_bytes(HEADER + rows(11, 21))  # the same file, and so the same number
    log.write_bytes(HEADER + rows(21, 31))
    for after, name in enumerate((".3.gz", ".2.gz", ".1", "")):
        os.utime(f"{log}{name}", (first + after, first + after))
    assert b"".join(data.replace(HEADER, b"") for _, data in drained(tail)) == rows(1, 31)
    tail.close()


def test_a_file_that_was_deleted_before_another_that_begins_alike_was_rotated(log: Path) -> None:
    log.write_bytes(rows(1, 2)[:9])
    tail = FileTail(str(log))
    assert drained(tail) == [("", rows(1, 2)[:9])]
    log.write_bytes(rows(1, 3))
    log.unlink()
    log.write_bytes(rows(3, 5))
    create(log)
    append(log, 5, 7)
    assert drained(tail) == [
        ("", rows(1, 3)[9:]),
        ("replaced", rows(3, 5)),
        ("replaced", rows(5, 7)),
    ]
    tail.close()
