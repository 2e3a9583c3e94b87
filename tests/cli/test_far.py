"""Logs far away through the command itself: over a real ssh, and out of a real object store."""

from __future__ import annotations

import json
import math
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.cli.main import main
from lossmon.monitor import Monitor, Snapshot
from lossmon.settings import Settings
from tests.cli.command import environment, lossmon
from tests.cli.terminal import Terminal
from tests.formats import encoding
from tests.servers import PATIENCE, SshServer

# Deprecations and sockets inside boto are not ours.
boto = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def row(step: int, loss: float | None = None) -> str:
    value = 3 / (step + 1) + 0.5 if loss is None else loss
    return json.dumps({"step": step, "loss": value}) + "\n"


def rows(count: int, start: int = 0) -> str:
    return "".join(row(step) for step in range(start, start + count))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at far things as often as a test can wait for."""
    monkeypatch.setattr("lossmon.sources.polled.BUSY_SECONDS", 0.05)
    monkeypatch.setattr("lossmon.sources.polled.QUIET_SECONDS", 0.2)
    monkeypatch.setattr("lossmon.sources.poller.BACK_OFF_FROM", 0.1)
    monkeypatch.setattr("lossmon.sources.listing.LIST_SECONDS", 0.1)
    monkeypatch.setattr("lossmon.sources.listing.LIST_SHARE", 0)


class Watched:
    """A monitor that runs on its own thread, as under the screen."""

    def __init__(self, *sources: str) -> None:
        self.monitor = Monitor(sources, Settings(refresh_seconds=0.02))
        self.snapshot = Snapshot()
        self._came = threading.Event()

    def __enter__(self) -> Watched:
        self.monitor.start(self._take)
        return self

    def __exit__(self, *_: object) -> None:
        self.monitor.stop()

    def _take(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._came.set()

    def until(self, wanted: Any) -> Snapshot:
        end = time.monotonic() + PATIENCE
        while not wanted(self.snapshot):
            assert time.monotonic() < end, [
                (run.name, run.error, [len(s) for s in run.series]) for run in self.snapshot.runs
            ]
            self._came.wait(0.5)
            self._came.clear()
        return self.snapshot

    def until_points(self, count: int) -> Snapshot:
        return self.until(
            lambda snapshot: [len(s) for run in snapshot.runs for s in run.series] == [count]
        )


def steps(snapshot: Snapshot) -> list[int]:
    """Return the steps of the only series, in order of arrival."""
    (series,) = (series for run in snapshot.runs for series in run.series)
    return [int(step) for step in series.steps]


# ---- ssh


def test_report_of_a_file_a_directory_and_a_glob(ssh_server: SshServer, tmp_path: Path) -> None:
    far = tmp_path / "far"
    (far / "a").mkdir(parents=True)
    (far / "a" / "metrics.jsonl").write_text(rows(30))
    (far / "b.jsonl").write_text(rows(20))
    (far / "notes.txt").write_text("nothing to see\n" * 50)
    for source, points in (
        (f"trainer:{far}/b.jsonl", [20]),
        (f"trainer:{far}/", [20, 30]),
        (f"trainer:{far}", [20, 30]),  # a directory is known for one without its slash
        (f"ssh://trainer{far}/*/*.jsonl", [30]),
    ):
        done = lossmon(
            "report", source, "--format", "json", cwd=tmp_path, LOSSMON_SSH=ssh_server.command
        )
        assert done.returncode == 0, done.stderr
        runs = json.loads(done.stdout)["runs"]
        assert sorted(run["series"][0]["points"] for run in runs) == points


def test_report_names_what_cannot_be_had_and_reads_the_rest(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    (tmp_path / "here.jsonl").write_text(rows(10))
    extra = {"LOSSMON_SSH": ssh_server.command}
    done = lossmon(
        "report", "here.jsonl", "nosuchhost.invalid:runs/", "--format", "json",
        cwd=tmp_path, **extra,
    )  # fmt: skip
    assert done.returncode == 4
    runs = {run["source"]: run for run in json.loads(done.stdout)["runs"]}
    assert runs["here.jsonl"]["series"][0]["points"] == 10
    assert "nosuchhost.invalid" in runs["nosuchhost.invalid:runs/"]["error"]
    done = lossmon("report", f"trainer:{tmp_path}/none-*", cwd=tmp_path, **extra)
    assert done.returncode == 2
    assert b"no log found there" in done.stderr


def test_wait_sees_what_is_appended_over_there(ssh_server: SshServer, tmp_path: Path) -> None:
    log = tmp_path / "far.jsonl"
    log.write_text(rows(30))
    process = subprocess.Popen(
        [sys.executable, "-m", "lossmon", "wait", f"trainer:{log}", "--until", "nonfinite",
         "--timeout", "60s"],
        cwd=tmp_path,
        env={**environment(tmp_path), "LOSSMON_SSH": ssh_server.command},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    end = time.monotonic() + PATIENCE
    while not ssh_server.connections() and time.monotonic() < end:
        time.sleep(0.05)
    ssh_server.cut()
    with log.open("a") as file:
        file.write(rows(3, 30) + row(33, math.nan) + row(34, math.nan))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["kind"] == "nonfinite"


def test_no_point_is_lost_or_doubled_however_often_the_line_breaks(
    ssh_server: SshServer, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSMON_SSH", ssh_server.command)
    log = tmp_path / "far.jsonl"
    log.write_text(rows(2000))
    written, cuts = 2000, 0
    with Watched(f"trainer:{log}") as watched:
        for turn in range(6):
            with log.open("a") as file:
                file.write(rows(3000, written)[:-7])  # the last line is written in two pieces
                file.flush()
                if turn % 2:
                    # What the turn before wrote has come: there is a line, and it is cut.
                    watched.until(
                        lambda s, least=written: (
                            bool(s.runs)
                            and bool(s.runs[0].series)
                            and len(s.runs[0].series[0]) >= least
                        )
                    )
                cuts += ssh_server.cut()
                file.write(rows(3000, written)[-7:])
            written += 3000
        watched.until_points(written)
        assert cuts >= 3
        assert steps(watched.snapshot) == list(range(written))
        assert watched.snapshot.runs[0].error is None
        assert watched.snapshot.runs[0].bad_records == 0


def test_a_run_that_begins_later_in_a_far_directory_is_found(
    ssh_server: SshServer, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSMON_SSH", ssh_server.command)
    far = tmp_path / "far"
    with Watched(f"trainer:{far}/") as watched:
        snapshot = watched.until(
            lambda s: bool(s.runs) and "no log found" in (s.runs[0].error or "")
        )
        assert [run.state for run in snapshot.runs] == ["unknown"]
        for number in range(3):
            (far / f"run-{number}").mkdir(parents=True)
            (far / f"run-{number}" / "metrics.jsonl").write_text(rows(10 + number))
            watched.until(
                lambda s, number=number: (
                    sorted(len(run.series[0]) for run in s.runs if run.series)
                    == list(range(10, 11 + number))
                )
            )
        ssh_server.cut()
        (far / "late.jsonl").write_text(rows(40))
        watched.until(lambda s: 40 in [len(run.series[0]) for run in s.runs if run.series])
        assert len(watched.snapshot.runs) == 4
    threads = [one for one in threading.enumerate() if one.name.startswith("lossmon-ssh")]
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_slow_host_keeps_nobody_waiting(ssh_server: SshServer, tmp_path: Path) -> None:
    """The screen stands, and other runs go on, while a far directory is still being listed."""
    far = tmp_path / "far"
    far.mkdir()
    (far / "distant.jsonl").write_text(rows(30))
    here = tmp_path / "here.jsonl"
    here.write_text(rows(30))
    gate = tmp_path / "gate"
    slow = tmp_path / "slow-ssh"
    wait = f"until [ -e {gate} ]; do sleep 0.05; done"
    slow.write_text(f'#!/bin/sh\n{wait}\nexec {ssh_server.command} "$@"\n')
    slow.chmod(0o755)
    with Terminal(
        "--view", "overview", here, f"trainer:{far}/", cwd=tmp_path, LOSSMON_SSH=str(slow)
    ) as terminal:
        terminal.until(lambda text: "here.jsonl" in text and "listing" in text)
        with here.open("a") as file:
            file.write(rows(5, 30))
        terminal.until(lambda text: "34" in text)
        assert "listing" in terminal.text
        gate.touch()
        terminal.until(lambda text: "distant" in text and "listing" not in text)
        terminal.type("q")
        assert terminal.end() == 0
        assert terminal.after == terminal.before


def config(server: SshServer, tmp_path: Path, text: str) -> dict[str, str]:
    """Return what makes ssh use the server's configuration and more hosts."""
    path = tmp_path / "ssh_config"
    path.write_text(server.config.read_text() + text)
    return {"LOSSMON_SSH": f"ssh -F {shlex.quote(str(path))}"}


def points_of(source: str, tmp_path: Path, extra: dict[str, str]) -> int:
    done = lossmon("report", source, "--format", "json", cwd=tmp_path, **extra)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    return int(run["series"][0]["points"])


def test_a_jump_host_and_a_shared_connection_are_those_of_the_users_config(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    log = tmp_path / "far.jsonl"
    log.write_text(rows(25))
    common = "\n".join(
        line for line in ssh_server.config.read_text().splitlines() if "Host " not in line
    )
    control = Path("/tmp") / f"lm-{uuid.uuid4().hex[:8]}"  # a socket's path must be short
    extra = config(
        ssh_server,
        tmp_path,
        f"Host inner\n{common}\n  ProxyJump trainer\n"
        f"Host shared\n{common}\n  ControlMaster auto\n  ControlPath {control}\n"
        "  ControlPersist 60\n",
    )
    assert points_of(f"inner:{log}", tmp_path, extra) == 25
    logins = (ssh_server.home / "log").read_text().count("Accepted publickey")
    command = [*shlex.split(extra["LOSSMON_SSH"]), "shared"]
    try:
        assert points_of(f"shared:{log}", tmp_path, extra) == 25
        assert points_of(f"shared:{tmp_path}/*.jsonl", tmp_path, extra) == 25
        assert control.exists()
        assert (ssh_server.home / "log").read_text().count("Accepted publickey") == logins + 1
    finally:
        subprocess.run([*command, "-O", "exit"], capture_output=True, check=False)


@pytest.mark.parametrize("shell", ["sh", "busybox"])
def test_a_far_host_needs_nothing_but_a_shell_and_tail(
    ssh_server: SshServer, tmp_path: Path, shell: str
) -> None:
    """A key of the server's leads into a shell that finds `tail`, `head` and `ls` alone."""
    tools = tmp_path / "bin"
    tools.mkdir()
    busybox = shutil.which("busybox")
    if shell == "busybox" and busybox is None:
        pytest.skip("there is no busybox on this machine (apt-get install busybox)")
    for name in ("sh", "tail", "head", "ls"):
        found = busybox if shell == "busybox" else shutil.which(name)
        (tools / name).symlink_to(str(found))
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True
    )
    public = (tmp_path / "key.pub").read_text()
    authorized = ssh_server.home / "authorized_keys"
    kept = authorized.read_text()
    authorized.write_text(f'{kept}command="PATH={tools} exec {tools}/sh" {public}')
    common = ssh_server.config.read_text().replace("Host trainer", "Host bare")
    extra = config(
        ssh_server, tmp_path, common.replace(f"{ssh_server.home}/user", f"{tmp_path}/key")
    )
    far = tmp_path / "far"
    far.mkdir()
    (far / "a b.jsonl").write_text(rows(25))
    try:
        assert points_of(f"bare:{far}/a b.jsonl", tmp_path, extra) == 25
        assert points_of(f"bare:{far}/", tmp_path, extra) == 25
        with Terminal(f"bare:{far}/", cwd=tmp_path, **extra) as terminal:
            terminal.until(lambda text: "a b.jsonl" in text and "24" in text)
            with (far / "a b.jsonl").open("a") as file:
                file.write(rows(50, 25))
            terminal.until(lambda text: "74" in text)
            terminal.type("q")
            assert terminal.end() == 0
    finally:
        authorized.write_text(kept)


# ---- runs of several files


def events(start: int, stop: int, offset: float = 1.0) -> bytes:
    """Return an event file, each step a second later."""
    return b"".join(
        encoding.record(
            encoding.event(
                step, encoding.simple("loss", offset + 1 / (step + 1)), wall=1.7e9 + step
            )
        )
        for step in range(start, stop)
    )


def several(folder: Path) -> None:
    """Write runs of three frameworks as they lie on a disk."""
    tensorboard = folder / "tb" / "run"
    tensorboard.mkdir(parents=True)
    for number in (1, 2):  # begun, and gone on with
        start = (number - 1) * 3000
        (tensorboard / f"events.out.tfevents.{number}.host").write_bytes(
            events(start, start + 3000)
        )
    (folder / "wandb" / "run-20260101_000000-x").mkdir(parents=True)
    (folder / "wandb" / "run-20260101_000000-x" / "run-x.wandb").write_bytes(
        encoding.wandb_file(
            [encoding.history(n, {"loss": f"{2 + 1 / (n + 1)}"}) for n in range(40)]
        )
    )
    mlflow = folder / "mlruns" / "1" / "0123456789abcdef0123456789abcdef"
    (mlflow / "metrics").mkdir(parents=True)
    (mlflow / "meta.yaml").write_text(
        "artifact_uri: a\nrun_id: 0123\nrun_name: swift-hare\nstatus: 1\n"
    )
    for name, value in (("loss", 3.0), ("accuracy", 0.5)):
        (mlflow / "metrics" / name).write_text(
            "".join(f"{1_700_000_000_000 + n} {value + 1 / (n + 1)} {n}\n" for n in range(30))
        )


SEVERAL = [("loss", 30), ("accuracy", 30), ("loss", 40), ("loss", 6000)]


def of_several(runs: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return name and length of each series; three runs, none of which steps back."""
    assert len(runs) == 3, [run["source"] for run in runs]
    for run in runs:
        back = [event["message"] for event in run["events"] if event["kind"] == "resume"]
        assert back == [], run["source"]
    return [(one["name"], one["points"]) for run in runs for one in run["series"]]


def test_files_of_one_run_on_another_host_are_one_run(
    ssh_server: SshServer, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = tmp_path / "far"
    several(far)
    extra = {"LOSSMON_SSH": ssh_server.command}
    done = lossmon("report", f"trainer:{far}/", "--format", "json", cwd=tmp_path, **extra)
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert sorted(of_several(runs)) == sorted(SEVERAL)
    assert f"trainer:{far}/tb/run" in [run["source"] for run in runs]
    monkeypatch.setenv("LOSSMON_SSH", ssh_server.command)
    with Watched(f"trainer:{far}/tb/") as watched:
        watched.until_points(6000)
        ssh_server.cut()
        third = far / "tb" / "run" / "events.out.tfevents.3.host"
        third.write_bytes(events(6000, 6010))
        assert steps(watched.until_points(6010)) == list(range(6010))
        second = third.with_name("events.out.tfevents.2.host")
        second.write_bytes(events(3000, 6000, 2.0))
        watched.until(
            lambda s: any(one.values.max() > 2.0001 for run in s.runs for one in run.series)
        )
        assert sorted(steps(watched.until_points(6010))) == list(range(6010))


# ---- object stores


@pytest.fixture
def memory() -> Iterator[str]:
    """A prefix of its own in fsspec's memory."""
    fsspec = pytest.importorskip("fsspec", reason="the extra `remote` is not installed")
    name = uuid.uuid4().hex
    yield f"memory://{name}"
    if fsspec.filesystem("memory").exists(f"/{name}"):
        fsspec.filesystem("memory").rm(f"/{name}", recursive=True)


def put(url: str, text: str | bytes) -> None:
    import fsspec

    with fsspec.open(url, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def test_report_and_wait_of_objects_in_memory(
    memory: str, quick: None, capsys: pytest.CaptureFixture[str]
) -> None:
    put(f"{memory}/a/metrics.jsonl", rows(30))
    put(f"{memory}/b/metrics.jsonl", rows(20))
    for source, points in ((f"{memory}/a/metrics.jsonl", [30]), (f"{memory}/", [20, 30])):
        assert main(["report", source, "--format", "json"]) == 0
        runs = json.loads(capsys.readouterr().out)["runs"]
        assert sorted(run["series"][0]["points"] for run in runs) == points
    codes: list[int] = []
    waiting = threading.Thread(
        target=lambda: codes.append(
            main(["wait", f"{memory}/*/*.jsonl", "--until", "nonfinite", "--timeout", "20s"])
        )
    )
    waiting.start()
    put(f"{memory}/c/metrics.jsonl", rows(30) + row(30, math.nan) + row(31, math.nan))
    waiting.join(30)
    assert codes == [0]
    assert json.loads(capsys.readouterr().out)["source"] == f"{memory}/c/metrics.jsonl"


class TestS3:
    pytestmark = boto

    def test_report_and_wait(self, s3: object, tmp_path: Path) -> None:
        prefix = f"s3://logs/{uuid.uuid4().hex}"
        put(f"{prefix}/a/metrics.jsonl", rows(30))
        put(f"{prefix}/b/metrics.jsonl", rows(20))
        extra = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        done = lossmon("report", f"{prefix}/", "--format", "json", cwd=tmp_path, **extra)
        assert done.returncode == 0, done.stderr
        points = [run["series"][0]["points"] for run in json.loads(done.stdout)["runs"]]
        assert sorted(points) == [20, 30]
        process = subprocess.Popen(
            [sys.executable, "-m", "lossmon", "wait", f"{prefix}/a/metrics.jsonl", "--until",
             "nonfinite", "--timeout", "60s"],
            cwd=tmp_path, env={**environment(tmp_path), **extra},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        put(f"{prefix}/a/metrics.jsonl", rows(33) + row(33, math.nan) + row(34, math.nan))
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert json.loads(out)["kind"] == "nonfinite"

    def test_objects_of_one_run_are_one_run(self, s3: object, tmp_path: Path) -> None:
        prefix = f"s3://logs/{uuid.uuid4().hex}"
        several(tmp_path / "here")
        for path in sorted((tmp_path / "here").rglob("*")):
            if path.is_file():
                put(f"{prefix}/{path.relative_to(tmp_path / 'here')}", path.read_bytes())
        extra = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        done = lossmon("report", f"{prefix}/", "--format", "json", cwd=tmp_path, **extra)
        assert done.returncode == 0, done.stderr
        runs = json.loads(done.stdout)["runs"]
        assert sorted(of_several(runs)) == sorted(SEVERAL)
        assert f"{prefix}/tb/run" in [run["source"] for run in runs]

    def test_objects_that_grow_are_replaced_and_come_later(self, s3: object, quick: None) -> None:
        prefix = f"s3://logs/{uuid.uuid4().hex}"
        with Watched(f"{prefix}/") as watched:
            watched.until(lambda s: bool(s.runs))  # nothing there yet, and it says so
            put(f"{prefix}/metrics.jsonl", rows(30))
            watched.until_points(30)
            put(f"{prefix}/metrics.jsonl", rows(45))
            watched.until_points(45)
            assert steps(watched.snapshot) == list(range(45))
            put(f"{prefix}/metrics.jsonl", "".join(row(step, 1 / (step + 1)) for step in range(50)))
            watched.until_points(50)
            assert steps(watched.snapshot) == list(range(50))
