"""Logs over a real ssh, to a real sshd on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.errors import UsageError
from lossmon.sources.address import parse
from lossmon.sources.opening import is_stream, open_stream
from lossmon.sources.ssh import SshStore, quoted
from lossmon.sources.ssh_connection import SshConnection
from tests.servers import SshServer

from .conftest import PATIENCE, Follower, listed


@pytest.fixture
def ssh(ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch) -> SshServer:
    monkeypatch.setenv("LOSSMON_SSH", ssh_server.command)
    monkeypatch.setattr("lossmon.sources.polled.BUSY_SECONDS", 0.05)
    monkeypatch.setattr("lossmon.sources.poller.BACK_OFF_FROM", 0.2)
    return ssh_server


@pytest.fixture
def follow() -> Iterator:
    """Open one far log; it is closed after the test."""
    opened: list[Follower] = []

    def open_one(source: str, **options: bool) -> Follower:
        follower = Follower()
        follower.tail = open_stream(source, on_wake=follower.wake, **options)
        opened.append(follower)
        return follower

    yield open_one
    for follower in opened:
        follower.tail.close()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_reads_what_is_there_and_what_is_appended(ssh, follow, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"one\ntwo\n")
    follower = follow(f"trainer:{log}").until_data(b"one\ntwo\n")
    append(log, b"thr")
    follower.until_data(b"one\ntwo\nthr")
    append(log, b"ee\n")
    follower.until_data(b"one\ntwo\nthree\n")
    assert follower.reads[-1].size == follower.reads[-1].position == 14
    assert follower.tail.modified == pytest.approx(log.stat().st_mtime, abs=2)


def test_goes_on_at_the_byte_where_the_line_broke(ssh: SshServer, follow, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    big = b"".join(b"step %d loss 1.0\n" % n for n in range(200_000))
    log.write_bytes(big)
    follower = follow(f"trainer:{log}")
    follower.until(lambda f: len(f.data) > 100_000)
    for process in ssh.connections():
        os.kill(process, signal.SIGKILL)
    append(log, b"the end\n")
    follower.until(lambda f: f.data.endswith(b"the end\n"))
    assert follower.data == big + b"the end\n"
    assert not any(read.cut for read in follower.reads)


def test_broken_line_is_told_and_tried_again(ssh: SshServer, follow, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"one\n")
    follower = follow(f"trainer:{log}").until_data(b"one\n")
    (ssh.home / "authorized_keys").rename(ssh.home / "kept")
    for process in ssh.connections():
        os.kill(process, signal.SIGKILL)
    try:
        follower.until(lambda f: bool(f.errors))
    finally:
        (ssh.home / "kept").rename(ssh.home / "authorized_keys")
    assert "trainer" in follower.errors[0]
    append(log, b"two\n")
    follower.until_data(b"one\ntwo\n")
    assert follower.reads[-1].error is None


def test_cut_replaced_and_rotated(ssh, follow, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"one\ntwo\n")
    follower = follow(f"trainer:{log}").until_data(b"one\ntwo\n")
    append(log, b"three\n")
    log.rename(tmp_path / "train.log.1")
    log.write_bytes(b"new\n")
    follower.until_data(b"one\ntwo\nthree\nnew\n")
    assert [read.cut for read in follower.reads if read.cut] == ["replaced"]
    log.write_bytes(b"cut, and longer than before at once\n")
    follower.until(lambda f: f.data.endswith(b"at once\n"))
    assert [read.cut for read in follower.reads if read.cut] == ["replaced", "truncated"]


def test_file_that_appears_later(ssh, follow, tmp_path: Path) -> None:
    log = tmp_path / "later.log"
    follower = follow(f"trainer:{log}").until(lambda f: bool(f.errors))
    assert "does not exist" in follower.errors[0]
    log.write_bytes(b"here\n")
    follower.until_data(b"here\n")


def test_read_once_ends(ssh, follow, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"x" * 3_000_000)
    follower = follow(f"trainer:{log}", follow=False)
    follower.until(lambda f: any(read.ended for read in f.reads))
    assert len(follower.data) == 3_000_000


@pytest.mark.parametrize(
    "name",
    ["with space.log", "quote'.log", "$(touch owned).log", "-n.log", "a;b|c&.log", "new\nline"],
)
def test_hostile_names_are_only_names(ssh, follow, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"fine\n")
    follow(f"trainer:{tmp_path / name}").until_data(b"fine\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_name_that_looks_like_an_option_is_a_name() -> None:
    assert quoted("-c evil") == "'./-c evil'"
    assert quoted("~/a b") == "\"$HOME\"'/a b'"


@pytest.mark.parametrize(
    "source", ["ssh://-oProxyCommand=evil/x", "ssh://-lroot@host/x", "-oX:path"]
)
def test_host_that_looks_like_an_option_is_refused(source: str) -> None:
    with pytest.raises(UsageError, match="no host name"):
        parse(source)


def test_directory_and_globs(ssh, tmp_path: Path) -> None:
    for name in ("a/train.log", "b/deep/er/metrics.jsonl", "b/model.pt", ".hidden/x.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x\n")

    def names(source: str) -> set[str]:
        found = listed(source)
        return {name.removeprefix(f"trainer:{tmp_path}/") for name in found}

    everything = {"a/train.log", "b/deep/er/metrics.jsonl"}
    assert names(f"trainer:{tmp_path}/") == everything
    assert names(f"trainer:{tmp_path}/[ab]/*.log") == {"a/train.log"}
    assert names(f"trainer:{tmp_path}/**/*.jsonl") == {"b/deep/er/metrics.jsonl"}
    assert names(f"trainer:{tmp_path}/none-*") == set()


def test_directory_without_its_slash_says_what_to_do(ssh, follow, tmp_path: Path) -> None:
    follower = follow(f"trainer:{tmp_path}").until(lambda f: bool(f.errors))
    assert "end it with a slash" in follower.errors[0]


def test_ssh_url_with_port(ssh: SshServer, follow, tmp_path: Path) -> None:
    (tmp_path / "a b.log").write_bytes(b"fine\n")
    # The port of the configuration is overruled by the one of the URL, as ssh does it.
    follow(f"ssh://trainer:{ssh.port}{tmp_path}/a%20b.log").until_data(b"fine\n")


def test_what_a_login_prints_is_no_data(ssh: SshServer, tmp_path: Path) -> None:
    connection = SshConnection("trainer")
    try:
        connection._argv[-1] = "echo Welcome; echo; exec sh"
        assert connection.ask("printf hello", 100) == b"hello"
    finally:
        connection.close()


def test_closing_leaves_no_thread_and_no_process(ssh, follow, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"one\n")
    follower = follow(f"trainer:{log}").until_data(b"one\n")
    threads = [one for one in threading.enumerate() if one.name == "lossmon-ssh-trainer"]
    assert threads
    follower.tail.close()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    children = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "-- trainer exec sh" not in children.stdout


def test_host_without_stat(ssh: SshServer, tmp_path: Path) -> None:
    """Where `stat` is missing `ls` tells what is needed."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "ls", "tail", "head"):
        (tools / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    log = tmp_path / "train.log"
    log.write_bytes(b"one\ntwo\n")
    connection = SshConnection("trainer")
    connection._argv[-1] = f"PATH={tools} exec sh"
    try:
        store = SshStore(connection, str(log), "label")
        info = store.info()
        assert (info.size, info.identity) == (8, str(log.stat().st_ino))
        assert store.fetch(4, 100) == b"two\n"
        append(log, b"three\n")
        assert store.info().token != info.token
    finally:
        connection.close()


def test_host_that_refuses_gives_ssh_own_words(ssh_server, follow, monkeypatch) -> None:
    monkeypatch.setenv(
        "LOSSMON_SSH",
        f"ssh -F none -p {ssh_server.port} -o HostName=127.0.0.1 -o IdentitiesOnly=yes"
        f" -o IdentityFile=/nonexistent -o StrictHostKeyChecking=no -o LogLevel=ERROR"
        f" -o UserKnownHostsFile={ssh_server.home}/known_hosts",
    )
    follower = follow("trainer:/tmp/x").until(lambda f: bool(f.errors))
    assert "denied" in follower.errors[0]
    assert listed("trainer:/tmp/", error="denied") == []


def test_recognised_as_streams() -> None:
    assert is_stream("host:path")
    assert is_stream("user@host:path/*.log")
    assert is_stream("ssh://host/path")
    assert is_stream("-")
    assert not is_stream("some/path")
    assert not is_stream("*.log")
