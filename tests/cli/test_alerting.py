"""Alerts of `watch` and `wait`, with the real command and a log that grows."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import DEMO, environment, lossmon
from tests.cli.terminal import Terminal

SOURCE = (DEMO / "overfitting" / "console.txt").read_bytes()
CUT = SOURCE.index(b"'epoch': '10'")
PATIENCE = 20

WRITER = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + chr(10))"


def heed_interrupts() -> None:
    """Begin as from a terminal: what a shell puts in the background ignores interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def command(tmp_path: Path) -> tuple[str, Path]:
    """A command line for --run that appends what it is given to a file, and that file."""
    script, out = tmp_path / "alert.py", tmp_path / "alerts.txt"
    script.write_text(WRITER)
    return f"{sys.executable} {script} {out} {{kind}} {{step}} {{onset}}", out


def test_a_piped_run_alerts_once_and_goes_on_through_tee(tmp_path: Path) -> None:
    template, out = command(tmp_path)
    done = lossmon(
        "-", "--tee", "--plain", "--on", "overfitting", "--run", template,
        cwd=tmp_path, stdin=SOURCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == SOURCE
    assert b"overfitting" in done.stderr
    assert [line.split()[0] for line in out.read_text().splitlines()] == ["overfitting"]


def test_wait_alerts_for_what_it_waits_for(tmp_path: Path) -> None:
    template, out = command(tmp_path)
    log = DEMO / "overfitting" / "console.txt"
    done = lossmon("wait", log, "--until", "overfitting", "--run", template, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kind, _, onset = out.read_text().split()
    assert (kind, onset) == ("overfitting", "100")


def test_a_training_is_ended_when_it_overfits(tmp_path: Path) -> None:
    log = tmp_path / "console.txt"
    log.write_bytes(SOURCE[:CUT])
    training = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    watching = subprocess.Popen(
        [
            sys.executable, "-m", "lossmon", str(log), str(DEMO / "nan"), "--plain",
            "--on", "overfitting", "--kill", str(training.pid),
        ],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(tmp_path), cwd=tmp_path,
        preexec_fn=heed_interrupts,
    )  # fmt: skip
    try:
        assert watching.stdout is not None
        assert b"nan" in watching.stdout.readline()  # what was there is read
        assert training.poll() is None
        with log.open("ab") as file:
            file.write(SOURCE[CUT:])
        assert training.wait(PATIENCE) == -signal.SIGTERM
    finally:
        training.kill()
        training.wait()
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=PATIENCE)
    assert b"SIGTERM sent" in errors


@pytest.mark.parametrize(
    ("told", "notice"),
    [
        ({"TERM": "foot"}, b"\x1b]777;notify;overfitting: "),
        ({"TERM": "xterm-kitty"}, b"\x1b]99;i=lossmon:d=0:p=title;overfitting: "),
        ({"TERM": "xterm-256color"}, b"\x1b]9;overfitting: "),
        ({"TERM": "foot", "TMUX": "/tmp/tmux,1,0"}, b"\x1bPtmux;\x1b\x1b]777;notify;overfitting: "),
    ],
    ids=["foot", "kitty", "xterm", "tmux"],
)
def test_the_screen_alerts_too(tmp_path: Path, told: dict[str, str], notice: bytes) -> None:
    template, out = command(tmp_path)
    log = tmp_path / "console.txt"
    log.write_bytes(SOURCE[:CUT])
    arguments = [str(log), "--on", "overfitting", "--run", template, "--notify", "--bell"]
    with Terminal(*arguments, cwd=tmp_path, **told) as terminal:
        terminal.until(lambda text: "eval_loss" in text)
        while terminal.read(1.0):
            pass  # until the whole log was read: what comes after that is news
        with log.open("ab") as file:
            file.write(SOURCE[CUT:])
        terminal.until(lambda text: "480" in text and out.exists())
        terminal.until(lambda _: notice in terminal.raw and b"\a" in terminal.raw)
        terminal.type("q")
        assert terminal.end() == 0
    assert out.read_text().split()[0] == "overfitting"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--kill", "1", "--on", "divergence"], "--kill 1"),
        (["--kill", "4711"], "--on"),
        (["--on", "nonsense"], "nonsense"),
        (["--run", "x {nonsense}"], "nonsense"),
        (["--run", "'"], "--run"),
        (["--tee"], "--tee"),
    ],
)
def test_wrong_use_is_one_line(tmp_path: Path, arguments: list[str], word: str) -> None:
    log = DEMO / "healthy" / "console.txt"
    done = lossmon("watch", log, "--plain", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert word in line


def test_an_event_that_stands_already_is_no_news_for_watch(tmp_path: Path) -> None:
    template, out = command(tmp_path)
    data = json.dumps({"step": 1, "loss": 2.0}) + "\n"
    (tmp_path / "other.jsonl").write_text(data * 3)
    log = DEMO / "overfitting" / "console.txt"
    process = subprocess.Popen(
        [
            sys.executable, "-m", "lossmon", str(log), "--plain",
            "--on", "overfitting,finished", "--run", template,
        ],
        stdout=subprocess.PIPE, env=environment(tmp_path), cwd=tmp_path, preexec_fn=heed_interrupts,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if b"finished" in line:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert not out.exists()
