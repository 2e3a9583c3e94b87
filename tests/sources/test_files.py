"""What can happen to a file: each test does the real thing to a real file."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from lossmon.sources.base import Read
from lossmon.sources.descriptors import DescriptorPool
from lossmon.sources.documents import FileDocumentTail
from lossmon.sources.files import RECHECK_SECONDS, FileTail

from .conftest import drain, text_of


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def cuts(reads: list[Read]) -> list[str]:
    return [read.cut for read in reads if read.cut]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"half a li", b"ne\n"],
        ["é".encode()[:1], "é".encode()[1:]],
        [b"one\r", b"\ntwo\rthree\r\n"],
        [b"\xef\xbb\xbfstep,loss\n", b"1,2"],
        [b"a\0\0\0b\n", b"\0"],
    ],
)
def test_bytes_are_handed_on_as_they_come(log: Path, tail: FileTail, pieces: list[bytes]) -> None:
    got = b""
    for piece in pieces:
        append(log, piece)
        got += text_of(drain(tail))
    assert got == b"".join(pieces)
    assert not tail.changed()


def test_pieces_are_bounded(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"x" * 100_000)
    reads = drain(tail, 4096)
    assert max(len(read.data) for read in reads) == 4096
    assert [read.more for read in reads] == [True] * (len(reads) - 1) + [False]
    assert reads[-1].position == reads[-1].size == 100_000


def test_file_that_appears_later(log: Path, tail: FileTail) -> None:
    (read,) = drain(tail)
    assert read.error == f"{log}: does not exist yet"
    log.write_bytes(b"here\n")
    assert text_of(drain(tail)) == b"here\n"


def test_rotated_with_create(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"1\n")
    drain(tail)
    append(log, b"2\n")
    log.rename(f"{log}.1")
    append(Path(f"{log}.1"), b"3\n")
    assert text_of(drain(tail)) == b"2\n3\n"
    log.touch()
    append(Path(f"{log}.1"), b"4\n")  # the writer has not been told yet
    assert text_of(drain(tail)) == b"4\n"
    append(log, b"5\n")
    reads = drain(tail)
    assert text_of(reads) == b"5\n"
    assert cuts(reads) == ["replaced"]


def test_rotated_with_create_after_its_descriptor_was_closed(log: Path) -> None:
    pool = DescriptorPool(1)
    other = FileTail(str(log.with_name("other")), pool)
    tail = FileTail(str(log), pool)
    log.write_bytes(b"1\n")
    log.with_name("other").write_bytes(b"x")
    drain(tail)
    drain(other)  # takes the pool's only place
    append(log, b"2\n")
    log.rename(f"{log}.1")
    log.write_bytes(b"3\n")
    assert text_of(drain(tail)) == b"2\n3\n"
    tail.close()
    other.close()


@pytest.mark.parametrize("suffixes", [("1", "2", "3"), ("20260101", "20260102", "20260103")])
def test_rotated_more_than_once_between_two_looks(
    log: Path, tail: FileTail, suffixes: tuple[str, ...]
) -> None:
    log.write_bytes(b"a1\n")
    drain(tail)
    append(log, b"a2\n")
    dated = len(suffixes[0]) > 1
    for letter in "bcd":
        if dated:
            log.rename(f"{log}-{suffixes['bcd'.index(letter)]}")
        else:
            for number in (3, 2, 1):
                if Path(f"{log}.{number}").exists():
                    Path(f"{log}.{number}").rename(f"{log}.{number + 1}")
            log.rename(f"{log}.1")
        log.write_bytes(f"{letter}1\n{letter}2\n".encode())
    reads = drain(tail)
    assert text_of(reads) == b"a2\nb1\nb2\nc1\nc2\nd1\nd2\n"
    assert cuts(reads) == ["replaced"] * 3


def test_copied_and_truncated(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"1\n2\n")
    drain(tail)
    append(log, b"3\n")
    shutil.copyfile(log, f"{log}.1")
    os.truncate(log, 0)
    append(log, b"4\n")
    reads = drain(tail)
    assert text_of(reads) == b"3\n4\n"
    assert cuts(reads) == ["truncated"]


def test_truncated_says_so_with_its_first_bytes(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"1\n2\n")
    drain(tail)
    os.truncate(log, 0)
    assert drain(tail) == []
    append(log, b"3\n")
    (read,) = drain(tail)
    assert (read.data, read.cut, read.position) == (b"3\n", "truncated", 2)


def test_truncated_and_regrown_past_its_old_size(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"step 1 loss 2\n")
    drain(tail)
    log.write_bytes(b"step 7 loss 9\nand a good deal more than before\n")
    reads = drain(tail)
    assert text_of(reads) == log.read_bytes()
    assert cuts(reads) == ["truncated"]


def test_header_rewritten_in_place_at_the_same_length(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"step,loss\n1,2\n")
    drain(tail)
    log.write_bytes(b"step,eval\n1,2\n")
    reads = drain(tail)
    assert text_of(reads) == b"step,eval\n1,2\n"
    assert cuts(reads) == ["truncated"]


def test_change_that_the_clock_hides_is_found(log: Path, tail: FileTail, monkeypatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("lossmon.sources.files.time.monotonic", lambda: now[0])
    log.write_bytes(b"step 1\n")
    drain(tail)
    stamps = log.stat()
    log.write_bytes(b"step 2\n")
    os.utime(log, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
    monkeypatch.setattr(tail, "_last", tail._signature())  # as if the tick had hidden it
    assert not tail.changed()
    now[0] += RECHECK_SECONDS
    assert text_of(drain(tail)) == b"step 2\n"


def test_clock_that_jumps_changes_nothing(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"1\n")
    drain(tail)
    append(log, b"2\n")
    os.utime(log, (1, 1))  # written "in 1970"
    assert text_of(drain(tail)) == b"2\n"
    append(log, b"3\n")
    os.utime(log, (1, 1))
    assert text_of(drain(tail)) == b"3\n"
    assert tail.modified == 1


def test_replaced_atomically(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"1\n")
    drain(tail)
    append(log, b"2\n")
    new = log.with_name("new")
    new.write_bytes(b"1\n2\n3\n")
    os.replace(new, log)
    reads = drain(tail)
    assert [(read.data, read.cut) for read in reads] == [(b"2\n", ""), (b"1\n2\n3\n", "replaced")]


def test_deleted_and_made_again(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"1\n")
    drain(tail)
    append(log, b"2\n")
    log.unlink()
    reads = drain(tail)
    assert text_of(reads) == b"2\n"
    assert reads[-1].error == f"{log}: no longer there; waiting for it"
    log.write_bytes(b"3\n")
    reads = drain(tail)
    assert (text_of(reads), cuts(reads)) == (b"3\n", ["replaced"])
    assert reads[-1].error is None


def test_deleted_file_is_let_go_after_a_while(log: Path, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr("lossmon.sources.files.time.monotonic", lambda: now[0])
    pool = DescriptorPool(8)
    tail = FileTail(str(log), pool)
    log.write_bytes(b"1\n")
    drain(tail)
    log.unlink()
    drain(tail)
    assert len(pool) == 1
    now[0] += 1000
    drain(tail)
    assert len(pool) == 0
    log.write_bytes(b"2\n")
    assert text_of(drain(tail)) == b"2\n"


def test_renamed_file_may_go_on_after_a_long_silence(log: Path, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr("lossmon.sources.files.time.monotonic", lambda: now[0])
    tail = FileTail(str(log), DescriptorPool(8))
    log.write_bytes(b"1\n")
    drain(tail)
    moved = log.rename(log.with_name("elsewhere"))
    drain(tail)
    now[0] += 1000
    drain(tail)
    append(moved, b"2\n")
    assert text_of(drain(tail)) == b"2\n"
    tail.close()


def test_symlink_switched(tmp_path: Path) -> None:
    for name in ("run-1", "run-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log").write_bytes(f"{name}\n".encode())
    link = tmp_path / "latest-run"
    link.symlink_to("run-1")
    tail = FileTail(str(link / "log"))
    assert text_of(drain(tail)) == b"run-1\n"
    append(tmp_path / "run-1" / "log", b"last\n")
    link.unlink()
    link.symlink_to("run-2")
    reads = drain(tail)
    assert (text_of(reads), cuts(reads)) == (b"last\nrun-2\n", ["replaced"])
    tail.close()


def test_directory_that_vanishes_and_comes_back(tmp_path: Path) -> None:
    directory = tmp_path / "runs"
    log = directory / "log"
    tail = FileTail(str(log))
    assert drain(tail)[0].error
    directory.mkdir()
    log.write_bytes(b"1\n")
    assert text_of(drain(tail)) == b"1\n"
    shutil.rmtree(directory)
    assert "no longer there" in (drain(tail)[0].error or "")
    directory.mkdir()
    log.write_bytes(b"2\n")
    assert text_of(drain(tail)) == b"2\n"
    tail.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be nobody for a while")
@pytest.mark.parametrize("document", [False, True])
def test_permission_denied_and_granted_later_for_root(tmp_path: Path, document: bool) -> None:
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(0o755)
    log = tmp_path / "log"
    log.write_bytes(b"1\n")
    log.chmod(0o600)
    os.seteuid(65534)
    try:
        tail = FileDocumentTail(str(log)) if document else FileTail(str(log))
        (read,) = drain(tail)
        assert read.error == f"{log}: this user may not read it"
        os.seteuid(0)
        log.chmod(0o644)
        os.seteuid(65534)
        assert text_of(drain(tail)) == b"1\n"
    finally:
        os.seteuid(0)
    tail.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission_denied_and_granted_later(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"1\n")
    log.chmod(0)
    assert "may not read" in (drain(tail)[0].error or "")
    log.chmod(0o600)
    assert text_of(drain(tail)) == b"1\n"


def test_sparse_file_of_four_gigabytes(log: Path, tail: FileTail) -> None:
    with log.open("wb") as file:
        file.write(b"first\n")
        file.seek(4 << 30)
        file.write(b"last\n")
    reads = drain(tail, 1 << 16)
    data = text_of(reads)
    assert data.replace(b"\0", b"") == b"first\nlast\n"
    assert len(data) < 4 << 20
    append(log, b"more\n")
    assert text_of(drain(tail)) == b"more\n"


def test_hole_at_the_end_is_waited_for(log: Path, tail: FileTail) -> None:
    log.write_bytes(b"first\n")
    os.truncate(log, 64 << 20)  # reserved by the writer
    drain(tail, 1 << 20)
    with log.open("r+b") as file:
        file.seek(32 << 20)
        file.write(b"later\n")
    assert text_of(drain(tail, 1 << 20)).replace(b"\0", b"") == b"later\n"


def test_copytruncate_under_a_writer_that_keeps_its_offset(log: Path, tail: FileTail) -> None:
    with log.open("wb", buffering=0) as writer:  # not O_APPEND: a hole arises before its next line
        writer.write(b"x" * 5_000_000)
        drain(tail, 1 << 20)
        os.truncate(log, 0)
        writer.write(b"after\n")
    reads = drain(tail, 1 << 20)
    assert text_of(reads).replace(b"\0", b"") == b"after\n"
    assert cuts(reads) == ["truncated"]


def test_fifo_that_takes_the_name_does_not_block(log: Path, tail: FileTail) -> None:
    os.mkfifo(log)
    (read,) = drain(tail)
    assert read.error == f"{log}: not a regular file"


def test_descriptors_are_bounded(tmp_path: Path) -> None:
    pool = DescriptorPool(16)
    tails = []
    for number in range(300):
        path = tmp_path / f"{number}.log"
        path.write_bytes(b"1\n")
        tails.append(FileTail(str(path), pool))
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    assert all(text_of(drain(tail)) == b"1\n" for tail in tails)
    assert len(pool) == 16
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 16
    for number, tail in enumerate(tails):
        append(tmp_path / f"{number}.log", b"2\n")
        assert text_of(drain(tail)) == b"2\n"
        tail.close()
    assert len(pool) == 0


def test_out_of_descriptors_is_an_error_to_wait_out(log: Path, tail: FileTail, monkeypatch) -> None:
    log.write_bytes(b"1\n")

    def no_more(path: str) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr("lossmon.sources.held_file.open_regular", no_more)
        (read,) = drain(tail)
    assert "Too many open files" in (read.error or "")
    monkeypatch.setattr(tail, "_recheck_at", 0.0)
    assert text_of(drain(tail)) == b"1\n"


def test_stale_handle_is_opened_again(log: Path, monkeypatch) -> None:
    """NFS forgets a file under an open descriptor; the name still leads to it."""
    pool = DescriptorPool(8)
    tail = FileTail(str(log), pool)
    log.write_bytes(b"1\n")
    drain(tail)
    append(log, b"2\n")
    real_fstat = os.fstat
    stale = pool.take(tail)
    assert stale is not None
    pool.give_back(tail, stale)

    def fstat(descriptor: int) -> os.stat_result:
        if descriptor == stale:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return real_fstat(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr("lossmon.sources.files.os.fstat", fstat)
        (read,) = drain(tail)
    assert "tale" in (read.error or "")
    monkeypatch.setattr(tail, "_recheck_at", 0.0)
    assert text_of(drain(tail)) == b"2\n"


def test_backup_beside_a_log_is_not_read(log: Path, tail: FileTail) -> None:
    text = b"".join(b"step %d loss 1\n" % n for n in range(50))
    log.write_bytes(text)
    drain(tail)
    shutil.copyfile(log, f"{log}-20260101")  # a backup, not a rotation
    append(log, b"step 50 loss 1\n")
    assert text_of(drain(tail)) == b"step 50 loss 1\n"
    log.write_bytes(b"a new run\n")
    reads = drain(tail)
    assert text_of(reads) == b"a new run\n"


# ---- documents


def test_document_is_read_anew_at_each_change(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_bytes(b'{"a": 1}')
    tail = FileDocumentTail(str(path))
    (read,) = drain(tail)
    assert (read.data, read.cut, read.more) == (b'{"a": 1}', "replaced", False)
    assert not tail.changed()
    new = tmp_path / "new"
    new.write_bytes(b'{"a": 1, "b": 2}')
    os.replace(new, path)
    (read,) = drain(tail)
    assert (read.data, read.cut) == (b'{"a": 1, "b": 2}', "replaced")
    path.unlink()
    assert "no longer there" in (drain(tail)[0].error or "")
    path.write_bytes(b"{}")
    assert text_of(drain(tail)) == b"{}"
    tail.close()


def test_document_written_while_it_is_read_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"a" * 1000)
    tail = FileDocumentTail(str(path))
    first = tail.read(600)
    assert (first.cut, first.more) == ("replaced", True)
    path.write_bytes(b"b" * 900)
    reads = drain(tail, 600)
    assert (text_of(reads), cuts(reads)) == (b"b" * 900, ["replaced"])
    tail.close()


def test_document_replaced_while_it_is_read_is_finished_first(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"a" * 1000)
    tail = FileDocumentTail(str(path))
    first = tail.read(600)
    new = tmp_path / "new"
    new.write_bytes(b"b" * 900)
    os.replace(new, path)
    second = tail.read(600)
    assert first.data + second.data == b"a" * 1000
    assert not second.more
    assert text_of(drain(tail)) == b"b" * 900
    tail.close()


def test_document_that_is_just_being_written_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.touch()
    tail = FileDocumentTail(str(path))
    assert drain(tail) == []
    path.write_bytes(b"{}")
    assert text_of(drain(tail)) == b"{}"
    tail.close()
