"""Real servers on loopback, started by the tests: sshd, and an S3-compatible one."""

from __future__ import annotations

import gc
import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE = 20.0
"""Seconds until a server that does not start is given up."""


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

    def cut(self) -> int:
        """Kill all connections in the middle; return how many there were."""
        found = self.connections()
        for process in found:
            os.kill(process, signal.SIGKILL)
        return len(found)


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


@pytest.fixture(scope="session")
def s3() -> Iterator[object]:
    """A file system on a real S3-compatible server on loopback."""
    server_module = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")
    patch = pytest.MonkeyPatch()
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    patch.setenv("AWS_ACCESS_KEY_ID", "test")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    filesystem = s3fs.S3FileSystem()
    if not filesystem.exists("logs"):  # servers of one process hold the same
        filesystem.mkdir("logs")
    yield filesystem
    s3fs.S3FileSystem.clear_instance_cache()
    gc.collect()  # what the store's packages leave open is told here, not in another test
    server.stop()
    patch.undo()
