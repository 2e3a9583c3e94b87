"""`check` and `wait`: codes for scripts, and the event as one JSON line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import DEMO, environment, lossmon


def test_check_fails_on_what_stands_and_on_nothing_else(tmp_path: Path) -> None:
    log = DEMO / "overfitting" / "console.txt"
    done = lossmon("check", log, "--fail-on", "overfitting,divergence", cwd=tmp_path)
    assert done.returncode == 1
    assert b"overfitting at step" in done.stdout
    done = lossmon("check", log, "--fail-on", "divergence,nonfinite", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "x", "--fail-on", "nonsense"],
        ["check", "x"],
        ["wait", "x", "--until", "spike", "--timeout", "soon"],
        ["check", "missing.log", "--fail-on", "spike"],
    ],
)
def test_wrong_use_is_one_line_and_code_2(tmp_path: Path, arguments: list[str]) -> None:
    done = lossmon(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_wait_returns_at_once_for_what_stands_already(tmp_path: Path) -> None:
    log = DEMO / "nan" / "metrics.jsonl"
    done = lossmon("wait", log, "--until", "nonfinite", "--timeout", "30s", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["kind"] == "nonfinite"


def test_wait_gives_up_with_code_3(tmp_path: Path) -> None:
    log = DEMO / "healthy" / "console.txt"
    done = lossmon("wait", log, "--until", "divergence", "--timeout", "0.2s", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1


def test_wait_sees_an_event_that_a_live_run_raises(tmp_path: Path) -> None:
    source = (DEMO / "overfitting" / "console.txt").read_bytes()
    log = tmp_path / "console.txt"
    cut = source.index(b"'epoch': '10'")
    log.write_bytes(source[:cut])
    process = subprocess.Popen(
        [
            sys.executable, "-m", "lossmon", "wait", str(log),
            "--until", "overfitting", "--timeout", "60s",
        ],
        stdout=subprocess.PIPE, env=environment(tmp_path), cwd=tmp_path,
    )  # fmt: skip
    with log.open("ab") as file:
        file.write(source[cut:])
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["onset_step"] == 100
