"""Standard input, named pipes and gzipped logs."""

from __future__ import annotations

import fcntl
import gzip
import os
import pty
import subprocess
import sys
import textwrap
import threading
import zlib
from pathlib import Path

import pytest

from lossmon.sources.base import Read
from lossmon.sources.fifo import FifoTail
from lossmon.sources.gz import GzipTail, gzip_head
from lossmon.sources.opening import is_stream, open_file, open_stream
from lossmon.sources.readahead import ReadAhead
from lossmon.sources.stdin import StdinTail

from .conftest import PATIENCE, Follower, drain, text_of


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


def follow_stdin(reader: int, **options: object) -> Follower:
    follower = Follower()
    follower.tail = StdinTail(reader, on_wake=follower.wake, **options)  # type: ignore[arg-type]
    return follower


def test_stdin_comes_as_it_is_written_and_ends(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    follower = follow_stdin(reader)
    os.write(writer, b"half")
    follower.until_data(b"half")
    os.write(writer, b" line\n")
    follower.until_data(b"half line\n")
    assert not any(read.ended for read in follower.reads)
    os.close(writer)
    follower.until(lambda f: f.reads[-1].ended)
    assert follower.reads[-1].position == 10
    assert follower.tail.modified is not None
    follower.tail.close()


def test_stdin_holds_its_writer_back_and_loses_nothing(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    follower = follow_stdin(reader, capacity=100_000)
    data = os.urandom(3_000_000)

    def write() -> None:
        with os.fdopen(writer, "wb") as file:
            file.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    follower.until(lambda f: bool(f.reads) and f.reads[-1].ended)
    thread.join()
    assert follower.data == data
    follower.tail.close()


def test_stdin_can_be_closed_while_nothing_comes(pipe: tuple[int, int]) -> None:
    before = threading.active_count()
    tail = StdinTail(pipe[0])
    tail.close()
    tail.close()
    assert threading.active_count() == before


def test_tee_passes_the_bytes_on(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    out_reader, out_writer = os.pipe()
    follower = follow_stdin(reader, tee=out_writer)
    os.write(writer, b"one\n\x1b[31m\xff")
    os.close(writer)
    follower.until(lambda f: bool(f.reads) and f.reads[-1].ended)
    assert os.read(out_reader, 100) == follower.data == b"one\n\x1b[31m\xff"
    follower.tail.close()
    os.close(out_reader)
    os.close(out_writer)


def test_tee_whose_reader_went_away_does_not_end_the_watching(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    out_reader, out_writer = os.pipe()
    os.close(out_reader)
    follower = follow_stdin(reader, tee=out_writer)
    os.write(writer, b"one\n")
    follower.until_data(b"one\n")
    os.close(writer)
    follower.until(lambda f: f.reads[-1].ended)
    follower.tail.close()
    os.close(out_writer)


def test_keyboard_comes_from_the_terminal_while_the_log_comes_from_the_pipe() -> None:
    """In a session of its own with a real terminal: the pipe is on fd 0 at first."""
    script = textwrap.dedent(
        """
        import fcntl, os, sys, termios
        os.setsid()
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)
        from lossmon.sources.stdin import keyboard_from_tty, open_stdin
        keyboard_from_tty()
        tail = open_stdin()
        data = b""
        while True:
            read = tail.read(100)
            data += read.data
            if read.ended:
                break
        print("log", data, os.isatty(0), "key", sys.stdin.readline().strip(), flush=True)
        tail.close()
        """
    )
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    assert process.stdin is not None
    process.stdin.write(b"loss 1\n")
    process.stdin.close()
    os.write(main, b"q\n")
    assert process.wait(PATIENCE) == 0, os.read(main, 4096)
    output = os.read(main, 4096)
    os.close(main)
    assert b"log b'loss 1\\n' True key q" in output


# ---- named pipes


def test_fifo_never_waits_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    assert is_stream(str(path))
    tail = open_stream(str(path))
    assert drain(tail) == []
    writer = os.open(path, os.O_WRONLY)
    os.write(writer, b"one\n")
    assert text_of(drain(tail)) == b"one\n"
    assert drain(tail) == []
    os.close(writer)
    assert [read.ended for read in drain(tail)] == [True]
    writer = os.open(path, os.O_WRONLY)
    os.write(writer, b"two\n")
    (read,) = drain(tail)
    assert (read.data, read.cut) == (b"two\n", "replaced")
    os.close(writer)
    tail.close()
    tail.close()


def test_process_substitution_and_devices(tmp_path: Path, pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    tail = FifoTail(f"/dev/fd/{reader}")
    os.write(writer, b"one\n")
    assert text_of(drain(tail)) == b"one\n"
    tail.close()
    nothing = FifoTail("/dev/null")
    assert nothing.read(10).ended
    nothing.close()
    missing = FifoTail(str(tmp_path / "none"))
    assert "No such file" in (missing.read(10).error or "")
    assert not missing.changed()


# ---- gzip


def lines(count: int) -> bytes:
    return b"".join(b"step %d loss %f\n" % (n, n / 7) for n in range(count))


@pytest.mark.parametrize("limit", [1, 1000, 1 << 18])
def test_gzipped_log(tmp_path: Path, limit: int) -> None:
    text = lines(3000 if limit > 1 else 20)
    path = tmp_path / "train.log.gz"
    # Two members, as `cat a.gz b.gz` makes them.
    path.write_bytes(gzip.compress(text[:1000]) + gzip.compress(text[1000:]))
    tail = open_file(str(path))
    assert isinstance(tail, GzipTail)
    reads = drain(tail, limit)
    assert text_of(reads) == text
    assert max(len(read.data) for read in reads) <= limit
    end = tail.read(limit)
    assert end.position == end.size == path.stat().st_size
    assert not tail.changed()
    tail.close()


def test_gzipped_log_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "train.log.gz"
    raw = gzip.compress(lines(3000))
    path.write_bytes(raw[:5000])
    tail = open_file(str(path))
    first = text_of(drain(tail))
    path.write_bytes(raw)
    assert first + text_of(drain(tail)) == lines(3000)
    path.write_bytes(gzip.compress(b"new\n"))
    reads = drain(tail)
    assert (text_of(reads), reads[0].cut) == (b"new\n", "truncated")
    tail.close()


def test_damaged_gzip_is_an_error_with_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    raw = bytearray(gzip.compress(os.urandom(100_000), 0))
    raw[50_000:50_100] = b"\xff" * 100
    path.write_bytes(raw[:-4] + b"\0\0\0\0")
    tail = open_file(str(path))
    reads = drain(tail)
    assert "damaged gzip data" in (reads[-1].error or "")
    tail.close()


def test_gzip_bomb_is_stopped(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("lossmon.sources.gz.RATIO_FROM", 8 << 20)
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"\0" * (1 << 20)
    raw = b"".join(engine.compress(block) for _ in range(40)) + engine.flush()
    path = tmp_path / "bomb.gz"
    path.write_bytes(raw)
    tail = open_file(str(path))
    total = 0
    error = None
    while tail.changed() and not error:
        read = tail.read(1 << 20)
        total += len(read.data)
        error = read.error
    assert "expands more than" in (error or "")
    assert total < 14 << 20
    tail.close()


# A fixed time in the header: the cases must have the same names in every process.
@pytest.mark.parametrize(
    "raw", [b"", b"\x1f\x8b", b"\x1f\x8bgarbage", gzip.compress(b"abc", mtime=0)[:-9]]
)
def test_head_of_broken_gzip_is_what_can_be_had(raw: bytes) -> None:
    assert gzip_head(raw, 100) in (b"", b"a", b"ab", b"abc")


# ---- read ahead


def test_read_ahead_hands_out_pieces_with_true_positions() -> None:
    ahead = ReadAhead()
    ahead.put(Read(b"abcdef", "replaced", position=6, size=9))
    ahead.put(Read(b"ghi", position=9, size=9, ended=True))
    reads = []
    while ahead.ready():
        reads.append(ahead.take(4))
    assert [(r.data, r.cut, r.more, r.ended, r.position) for r in reads] == [
        (b"abcd", "replaced", True, False, 4),
        (b"ef", "", True, False, 6),
        (b"ghi", "", False, True, 9),
    ]


def test_read_ahead_tells_an_error_once_and_its_end() -> None:
    woken = []
    ahead = ReadAhead(lambda: woken.append(1))
    ahead.fail("broken")
    ahead.fail("broken")
    assert len(woken) == 1
    assert ahead.take(10).error == "broken"
    assert not ahead.ready()
    ahead.recover()
    assert ahead.ready()
    assert ahead.take(10).error is None
    ahead.close()
    assert not ahead.put(Read(b"x"))
    assert ahead.room == 0


def test_pipe_descriptor_is_not_changed_for_others(pipe: tuple[int, int]) -> None:
    tail = StdinTail(pipe[0])
    tail.close()
    assert not fcntl.fcntl(pipe[0], fcntl.F_GETFL) & os.O_NONBLOCK
