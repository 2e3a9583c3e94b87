"""Watching that goes wrong, caused for real: lost events, no descriptors, mounts without events."""

from __future__ import annotations

import json
import math
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.command import ROOT, environment
from tests.cli.terminal import Terminal

PATIENCE = 60

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


def row(step: int, loss: float) -> str:
    return json.dumps({"step": step, "loss": loss}) + "\n"


@contextmanager
def waiting(folder: Path, cwd: Path, limit: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run `lossmon wait` for a NaN meanwhile; with at most `limit` open files."""

    def fewer() -> None:
        assert limit is not None
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    with subprocess.Popen(
        [sys.executable, "-m", "lossmon", "wait", str(folder), "--until", "nonfinite",
         "--timeout", "60s"],
        cwd=cwd, env=environment(cwd), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=None if limit is None else fewer,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def found(process: subprocess.Popen[bytes]) -> dict[str, object]:
    """Return the event that it was waited for."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert b"Traceback" not in err
    event: dict[str, object] = json.loads(out)
    return event


def watches(process: int) -> int:
    """Count the inotify watches of a process."""
    count = 0
    for info in Path(f"/proc/{process}/fdinfo").iterdir():
        try:
            count += info.read_text().count("inotify wd")
        except OSError:
            continue
    return count


def until_watching(process: subprocess.Popen[bytes], least: int) -> None:
    end = time.monotonic() + PATIENCE
    while watches(process.pid) < least:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)


@linux
def test_a_queue_that_overflows_while_the_computer_sleeps_loses_nothing(tmp_path: Path) -> None:
    """Stopped, it takes no events: the kernel drops all beyond 16,384, and says so."""
    folder = tmp_path / "logs"
    logs = [folder / name / "metrics.jsonl" for name in ("a", "b")]
    for log in logs:
        log.parent.mkdir(parents=True)
        log.write_text("".join(row(step, 3 / (step + 1)) for step in range(30)))
    with waiting(folder, tmp_path) as process:
        until_watching(process, 2)
        os.kill(process.pid, signal.SIGSTOP)
        descriptors = [os.open(log, os.O_WRONLY | os.O_APPEND) for log in logs]
        queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        lines = min(queue, 40_000) // 2 + 2000
        for step in range(30, 30 + lines):  # turn by turn: equal events in a row would be merged
            for number, descriptor in enumerate(descriptors):
                os.write(descriptor, row(step, 0.1 + number + 3 / step).encode())
        for step in range(30 + lines, 33 + lines):
            os.write(descriptors[1], row(step, math.nan).encode())
        for descriptor in descriptors:
            os.close(descriptor)
        os.kill(process.pid, signal.SIGCONT)
        event = found(process)
    assert event["source"] == str(logs[1])
    assert event["onset_step"] == 30 + lines


@linux
@pytest.mark.skipif(
    shutil.which("logrotate") is None,
    reason="there is no logrotate on this machine (apt-get install logrotate)",
)
@pytest.mark.parametrize("moving", ["create", "copytruncate"])
def test_what_was_rotated_and_zipped_twice_while_the_computer_slept_is_read(
    tmp_path: Path, moving: str
) -> None:
    """The NaN stands in a generation that was never seen at the log's name."""
    folder = tmp_path / "logs"
    folder.mkdir()
    log = folder / "metrics.jsonl"
    log.write_text("".join(row(step, 3 / (step + 1)) for step in range(30)))
    config = tmp_path / "logrotate.conf"
    owner = "su root root\n" if os.geteuid() == 0 else ""
    config.write_text(f"{log} {{\n{owner} rotate 9\n {moving}\n compress\n nodateext\n}}\n")
    config.chmod(0o644)
    with Terminal(folder, cwd=tmp_path) as terminal:
        # What was rotated before a log was read is not looked for: it must have been.
        terminal.until(lambda text: re.search(r"\bstep +29\b", text) is not None)
        terminal.process.send_signal(signal.SIGSTOP)
        for start in (30, 60, 90):
            with log.open("a") as file:
                for step in range(start, start + 30):
                    file.write(row(step, math.nan if 70 <= step < 73 else 3 / (step + 1)))
            if start < 90:
                subprocess.run(
                    ["logrotate", "--force", "--state", str(tmp_path / "state"), str(config)],
                    check=True,
                )
        terminal.process.send_signal(signal.SIGCONT)
        terminal.until(lambda text: "NaN since step 70" in text)
        terminal.type("q")
        assert terminal.end() == 0


@linux
def test_hardly_any_descriptors_are_enough(tmp_path: Path) -> None:
    """EMFILE for real: 48 open files for 150 logs in 30 directories."""
    folder = tmp_path / "logs"
    for number in range(150):
        log = folder / f"{number % 30}" / f"{number}.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(row(step, number + 3 / (step + 1)) for step in range(12)))
    with waiting(folder, tmp_path, limit=48) as process:
        until_watching(process, 5)
        with (folder / "7" / "127.jsonl").open("a") as file:
            file.write("".join(row(step, math.nan) for step in range(12, 16)))
        assert found(process)["source"] == str(folder / "7" / "127.jsonl")


@linux
@pytest.mark.parametrize("kind", ["overlay", "tmpfs"])
def test_a_real_mount_is_watched_as_its_kind_allows(tmp_path: Path, kind: str) -> None:
    """In a mount namespace of its own: overlay is polled, and that is said once; tmpfs is not."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare on this machine")
    for name in ("base/lower", "base/point"):
        (tmp_path / name).mkdir(parents=True)
    script = textwrap.dedent(
        """
        import json, pathlib, sys, time
        from lossmon.monitor import Monitor
        from lossmon.settings import Settings
        log = pathlib.Path(sys.argv[1]) / "metrics.jsonl"
        text = "".join(json.dumps({"step": n, "loss": 3 / (n + 1)}) + "\\n" for n in range(20))
        log.write_text(text)
        with Monitor([str(log.parent)], Settings()) as monitor:
            found = monitor.follow()
            next(s for s in found if s.runs and len(s.runs[0].series[0]) == 20)
            with log.open("a") as file:
                file.write('{"step": 20, "loss": 0.1}\\n')
            last = next(s for s in found if len(s.runs[0].series[0]) == 21)
            print(json.dumps(last.notices))
            found.close()
        """
    )
    (tmp_path / "watch.py").write_text(script)
    point = tmp_path / "base" / "point"
    options = {
        "overlay": "lowerdir={0}/lower,upperdir={0}/top/up,workdir={0}/top/work".format(
            tmp_path / "base"
        ),
        "tmpfs": "size=1m",
    }
    (tmp_path / "base" / "top").mkdir()
    prepare = (
        # An overlay's upper layer may not lie on another overlay, as in a container.
        f"mount -t tmpfs tmpfs {tmp_path}/base/top && mkdir {tmp_path}/base/top/up "
        f"{tmp_path}/base/top/work && "
        if kind == "overlay"
        else ""
    )
    command = (
        f"{prepare}mount -t {kind} -o {options[kind]} {kind} {point} && echo mounted >&2 && "
        f"exec {shlex.quote(sys.executable)} {tmp_path}/watch.py {point}"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
        env={**environment(tmp_path), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if "mounted" not in done.stderr:
        pytest.skip(f"no such mount may be made here: {done.stderr.strip()[-100:]}")
    assert done.returncode == 0, done.stderr
    notices = json.loads(done.stdout)
    assert len(notices) == (kind == "overlay")
    assert all("overlay" in notice for notice in notices)
