"""Real servers on loopback, and helpers that read a tail to its present end."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lossmon.sources.base import Read, Tail
from lossmon.sources.opening import open_listing

PATIENCE = 20.0
"""Seconds after which an awaited event is taken to have failed."""


def drain(tail: Tail, limit: int = 4096) -> list[Read]:
    """Read until the tail says that there is nothing new; reads that bring nothing are left out."""
    reads = []
    while tail.changed():
        read = tail.read(limit)
        if read.data or read.cut or read.error or read.ended:
            reads.append(read)
        if not read.more:
            break
    return reads


def text_of(reads: list[Read]) -> bytes:
    """Return the bytes of some reads."""
    return b"".join(read.data for read in reads)


class Follower:
    """Collects what a tail with a thread of its own brings, woken by the tail itself."""

    def __init__(self) -> None:
        import threading

        self._woken = threading.Event()
        self.reads: list[Read] = []
        self.tail: Tail | None = None

    def wake(self) -> None:
        self._woken.set()

    @property
    def data(self) -> bytes:
        return text_of(self.reads)

    @property
    def errors(self) -> list[str]:
        return [read.error for read in self.reads if read.error]

    def until(self, wanted: Callable[[Follower], bool]) -> Follower:
        """Read until `wanted` holds; fails after `PATIENCE` seconds."""
        assert self.tail is not None
        end = time.monotonic() + PATIENCE
        while not wanted(self):
            self._woken.clear()
            self.reads += drain(self.tail)
            if wanted(self):
                break
            assert time.monotonic() < end, f"waited in vain; last reads: {self.reads[-3:]}"
            self._woken.wait(0.5)
        return self

    def until_data(self, data: bytes) -> Follower:
        return self.until(lambda self: self.data == data)


def listed(source: str, error: str = "") -> list[str]:
    """Return the names of what a far directory or glob holds, listed once."""
    import threading

    woken = threading.Event()
    listing = open_listing(source, follow=False, on_wake=woken.set)
    assert woken.wait(PATIENCE)
    assert not listing.pending
    assert error in (listing.error or "")
    assert bool(error) == bool(listing.error)
    names = []
    for path in listing.take():
        tail = listing.open(path)
        tail.close()
        names.append(tail.path)
    listing.close()
    return names


@dataclass
class SshServer:
    """A real sshd on a free port, and what a client needs to reach it."""

    port: int
    config: Path
    home: Path

    @property
    def command(self) -> str:
        return f"ssh -F {shlex.quote(str(self.config))}"

    def connections(self) -> list[int]:
        """Process ids of the server's side of open connections."""
        parent = int((self.home / "sshd.pid").read_text())
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
        )
        return [int(word) for word in found.stdout.split()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """Start a real sshd of this user, with keys of its own."""
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if sshd is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        pytest.skip("there is no sshd on this machine (apt-get install openssh-server)")
    home = tmp_path_factory.mktemp("sshd")
    home.chmod(0o700)
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True
        )
    (home / "authorized_keys").write_text((home / "user.pub").read_text())
    (home / "authorized_keys").chmod(0o600)
    port = free_port()
    (home / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nPidFile {home}/sshd.pid\n"
        f"AuthorizedKeysFile {home}/authorized_keys\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
    )
    (home / "ssh_config").write_text(
        f"Host trainer\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {home}/user\n  IdentitiesOnly yes\n"
        f"  StrictHostKeyChecking no\n  UserKnownHostsFile {home}/known_hosts\n  LogLevel ERROR\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd's place for privilege separation
    log = (home / "log").open("wb")
    server = subprocess.Popen(
        [sshd, "-D", "-e", "-f", str(home / "sshd_config")], stderr=log, stdin=subprocess.DEVNULL
    )
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                pytest.skip(f"sshd does not start here: {(home / 'log').read_text()[-300:]}")
            time.sleep(0.02)  # nothing tells when it listens
    yield SshServer(port, home / "ssh_config", home)
    server.terminate()
    server.wait(PATIENCE)
    log.close()
