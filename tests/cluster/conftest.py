"""A real scheduler and two worker processes on loopback, and an S3-compatible server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import environment

PATIENCE = 120.0
"""Seconds that starting may take on a machine that is busy with other tests."""


def start(folder: Path, *arguments: str, **extra: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=folder, env={**environment(folder), **extra},
        stdout=subprocess.DEVNULL, stderr=(folder / f"{arguments[0]}.err").open("ab"),
    )  # fmt: skip


def stop(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(condition, process: subprocess.Popen[bytes]) -> None:
    over = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "it ended"
        assert time.monotonic() < over, "it did not start"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which `s3://` is a server on loopback, in a process of its own."""
    pytest.importorskip("moto.server", reason="moto[server] is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    folder = tmp_path_factory.mktemp("s3")
    code = (
        "import threading\nfrom moto.server import ThreadedMotoServer\n"
        "server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)\n"
        "server.start()\nprint(server.get_host_and_port()[1], flush=True)\n"
        "threading.Event().wait()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    port = int(process.stdout.readline())
    yield {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    stop(process)
    process.stdout.close()


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory: pytest.TempPathFactory, s3: dict[str, str]) -> Iterator[str]:
    """The address of a scheduler with two workers, each a process."""
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    boss = start(
        folder, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
        "--no-dashboard", "--scheduler-file", str(file),
    )  # fmt: skip
    until(file.exists, boss)
    workers = [
        start(
            folder, "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1",
            "--no-nanny", "--no-dashboard", "--host", "127.0.0.1",
            "--local-directory", str(folder / f"w{number}"), **s3,
        )
        for number in range(2)
    ]  # fmt: skip
    address = json.loads(file.read_text())["address"]
    distributed = pytest.importorskip("distributed")
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        client.wait_for_workers(2, timeout=PATIENCE)
        client.close()
        yield address
    finally:
        stop(*workers, boss)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Two configurations of three seeds, a directory each, and a file that is no log."""
    for level, name in ((1.0, "low"), (1.5, "high")):
        for seed in range(3):
            folder = tmp_path / "sweep" / name / f"seed-{seed}"
            folder.mkdir(parents=True)
            rows = [
                {"step": step, "loss": level + 2 * 0.95**step + 0.01 * ((step * 37 + seed) % 11)}
                for step in range(80)
            ]
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / "metrics.jsonl").write_text(lines)
    (tmp_path / "sweep" / "notes.txt").write_text("Dear diary,\nno training today.\n" * 5)
    return tmp_path / "sweep"
