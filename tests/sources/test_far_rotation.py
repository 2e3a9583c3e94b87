"""A log on another host is rotated between two looks: over a real ssh, looked at by hand."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.errors import SourceError
from lossmon.sources.polled import PolledTail
from lossmon.sources.poller import Polled, Poller
from lossmon.sources.ssh import SshStore
from lossmon.sources.ssh_connection import SshConnection
from tests.servers import SshServer

from .rotations import Lines, RotatedLog


class _ByHand(Poller):
    """Looks when the test says so."""

    def add(self, polled: Polled) -> None:
        return

    def remove(self, polled: Polled) -> None:
        return


@pytest.fixture
def far(ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable]:
    """Return what opens a log on the far side, and a function that looks until nothing comes."""
    monkeypatch.setenv("LOSSMON_SSH", ssh_server.command)
    connection = SshConnection("trainer")

    def open_log(path: Path) -> Callable[[], list[tuple[str, bytes]]]:
        tail = PolledTail(str(path), SshStore(connection, str(path), "far"), _ByHand("hand"))

        def look() -> list[tuple[str, bytes]]:
            found: list[tuple[str, bytes]] = []
            while tail.poll():
                while tail.changed():
                    read = tail.read(1 << 20)
                    if read.cut or (read.data and not found):
                        found.append((read.cut, read.data))
                    elif read.data:
                        found[-1] = (found[-1][0], found[-1][1] + read.data)
            return found

        look.tail = tail  # type: ignore[attr-defined]
        return look

    open_log.connection = connection  # type: ignore[attr-defined]
    yield open_log
    connection.close()


HEADER = b"".join(b"option_%d: %d\n" % (n, n) for n in range(400))
"""Five kilobytes that each training prints first."""


@pytest.mark.parametrize(
    "common", [b'{"step": ', b"step loss\n", HEADER], ids=["half a line", "a header", "5 KB"]
)
@pytest.mark.parametrize("grown", ["shorter", "the same", "longer"])
def test_the_next_generation_begins_with_all_that_was_seen(
    far, tmp_path: Path, common: bytes, grown: str
) -> None:
    """Copied and truncated; the size says nothing, and neither do the bytes."""
    log = tmp_path / "train.log"
    log.write_bytes(common)
    look = far(log)
    assert look() == [("", common)]
    log.write_bytes(common + b"1, 2.5\n")
    (tmp_path / "train.log.1").write_bytes(log.read_bytes())
    later = {"shorter": common[:-1], "the same": common, "longer": common + b"2, 2.25\n"}[grown]
    log.write_bytes(later)
    assert look() == [("", b"1, 2.5\n"), ("truncated", later)]


def test_a_backup_of_what_is_still_written_is_no_generation(far, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b'{"step": ')
    look = far(log)
    look()
    (tmp_path / "train.log.1").write_bytes(log.read_bytes())
    log.write_bytes(b'{"step": 1}\n{"step": 2}\n')
    assert look() == [("", b'1}\n{"step": 2}\n')]
    assert look() == []


def test_replaced_by_one_of_the_same_size(far, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"step 1\nstep 2\n")
    look = far(log)
    look()
    (tmp_path / "next").write_bytes(b"step 1\nstep 3\n")
    os.replace(tmp_path / "next", log)
    assert look() == [("replaced", b"step 1\nstep 3\n")]
    log.write_bytes(b"step 1\nstep 4\n")
    assert look() == [("truncated", b"step 1\nstep 4\n")]


def test_rotated_and_zipped_more_than_once_between_two_looks(far, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"one\n")
    look = far(log)
    assert look() == [("", b"one\n")]
    (tmp_path / "train.log.3.gz").write_bytes(gzip.compress(b"one\ntwo\n"))
    (tmp_path / "train.log.2.gz").write_bytes(gzip.compress(b"three\n"))
    (tmp_path / "train.log.1").write_bytes(b"four\n")
    log.write_bytes(b"five\n")
    assert look() == [
        ("", b"two\n"),
        ("truncated", b"three\n"),
        ("truncated", b"four\n"),
        ("truncated", b"five\n"),
    ]
    assert look() == []


def test_the_writer_goes_on_with_the_file_that_was_moved(far, tmp_path: Path) -> None:
    """Until it is told to open its log again; and there may be no new one yet."""
    log = tmp_path / "train.log"
    log.write_bytes(b"one\n")
    look = far(log)
    look()
    with log.open("ab", buffering=0) as writer:
        log.rename(tmp_path / "train.log.1")
        writer.write(b"two\n")
        with pytest.raises(SourceError, match="does not exist"):
            look()
        assert look.tail.read(100).data == b"two\n"
        log.touch()
        writer.write(b"three\n")
        assert look() == [("", b"three\n")]
        writer.write(b"four\n")
    log.write_bytes(b"five\n")
    assert look() == [("", b"four\n"), ("replaced", b"five\n")]


def test_a_link_that_is_switched_leaves_no_last_line_behind(far, tmp_path: Path) -> None:
    for name in ("run1", "run2"):
        (tmp_path / name).mkdir()
    (tmp_path / "latest").symlink_to("run1")
    first = tmp_path / "run1" / "train.log"
    first.write_bytes(b"one\n")
    look = far(tmp_path / "latest" / "train.log")
    assert look() == [("", b"one\n")]
    with first.open("ab") as file:
        file.write(b"two\n")
    (tmp_path / "run2" / "train.log").write_bytes(b"other\n")
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").symlink_to("run2")
    assert look() == [("", b"two\n"), ("replaced", b"other\n")]


def test_where_a_file_lies_is_asked_once(far, tmp_path: Path, monkeypatch) -> None:
    """It costs the far side a process, at each look for nothing."""
    asked: list[str] = []
    ask = far.connection.ask

    def listen(script: str, limit: int) -> bytes:
        asked.append(script)
        return ask(script, limit)

    monkeypatch.setattr(far.connection, "ask", listen)
    log = tmp_path / "train.log"
    log.write_bytes(b"one\n")
    look = far(log)
    look()
    asked.clear()
    with log.open("ab") as file:
        file.write(b"two\n")
    look()
    assert asked
    assert not any("place" in script for script in asked)
    log.rename(tmp_path / "train.log.1")
    log.write_bytes(b"three\n")
    assert look() == [("replaced", b"three\n")]
    assert any("place" in script for script in asked)


@pytest.mark.parametrize("seed", range(8))
def test_rotated_at_random(far, tmp_path: Path, seed: int) -> None:
    _rotate_at_random(far, tmp_path, seed)


@pytest.mark.parametrize("seed", range(20, 24))
@pytest.mark.parametrize("tools", ["of its own", "busybox"])
def test_rotated_at_random_where_there_is_no_stat(
    far, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, seed: int, tools: str
) -> None:
    path = tmp_path_factory.mktemp("bin")
    for tool in ("sh", "ls", "date", "tail", "head", "gzip", "readlink"):
        found = shutil.which("busybox" if tools == "busybox" else tool)
        if found is None:
            pytest.skip("there is no busybox on this machine")
        (path / tool).symlink_to(found)
    far.connection._argv[-1] = f"PATH={path} exec sh"
    assert far.connection.ask("stat / || echo none", 1000).strip() == b"none"
    _rotate_at_random(far, tmp_path, seed)


def _rotate_at_random(far, tmp_path: Path, seed: int) -> None:
    log = RotatedLog(tmp_path / "train.jsonl", seed)
    lines = Lines()
    look = far(log.path)

    def take() -> None:
        for cut, data in look():
            lines.add(cut, data)

    take()
    for _ in range(30):
        log.step()
        if log.random.random() < 0.4:
            take()
    take()
    lines.end()
    assert lines.judge(log) == "", log.done
