"""What can happen to a terminal: taken by a pipe, suspended, cut, without UTF-8."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.cli.command import DEMO, environment
from tests.cli.terminal import PATIENCE, Terminal, changed_modes

ROWS = "".join(json.dumps({"step": n, "loss": 3 / (n + 1) + 0.5}) + "\n" for n in range(40))
COMMAND = f"{shlex.quote(sys.executable)} -m lossmon"


class Shell(Terminal):
    """A shell whose controlling terminal this is: for pipes, job control and hang-ups."""

    def __init__(
        self, script: str | None, cwd: Path, columns: int = 120, lines: int = 40, **extra: str
    ) -> None:
        super().__init__(cwd=cwd, columns=columns, lines=lines, **extra)
        tail = ["-i"] if script is None else ["-c", script]
        self._arguments = ["bash", "--norc", "--noprofile", *tail]

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        self._size(self.screen.columns, self.screen.lines)
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self.process = subprocess.Popen(
            self._arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=self._cwd,
            env=self._environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        return self

    def cut(self) -> None:
        """Close both ends, as when the connection to a terminal breaks."""
        os.close(self._slave)
        os.close(self._master)
        # `__exit__` closes them once more.
        self._slave, self._master = os.pipe()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "metrics.jsonl"
    path.write_text(ROWS)
    return path


def test_keys_work_while_the_log_comes_through_standard_input(log: Path, tmp_path: Path) -> None:
    held = tmp_path / "go"
    os.mkfifo(held)
    # The training goes on until the FIFO is written to, then its output ends.
    with Shell(f"(cat {log}; cat {held}) 2>&1 | {COMMAND} -", tmp_path) as terminal:
        terminal.until(lambda text: "stdin" in text and "live" in text)
        terminal.type("?")
        terminal.until(lambda text: "lossmon: help" in text)
        terminal.type("\x1b")
        terminal.until(lambda text: "lossmon: help" not in text)
        with held.open("w") as file:
            file.write('{"step": 40, "loss": 0.25}\n')
        terminal.until(lambda text: "finished" in text)
        terminal.type("q")
        assert terminal.end() == 0
        assert terminal.after == terminal.before


def test_tee_passes_every_byte_on(log: Path, tmp_path: Path) -> None:
    sent = log.read_bytes() + b"\xff\x00 not a line\r" + b"x" * 200_000
    (tmp_path / "sent").write_bytes(sent)
    done = subprocess.run(
        ["bash", "-c", f"cat sent | {COMMAND} - --tee | cat > got"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "got").read_bytes() == sent


def test_tee_into_a_file_leaves_the_screen_on_the_terminal(log: Path, tmp_path: Path) -> None:
    held = tmp_path / "go"
    os.mkfifo(held)
    script = f"(cat {log}; cat {held}; cat {held}) | {COMMAND} - --tee > got; echo left $?"
    with Shell(script, tmp_path, columns=100, lines=30) as terminal:
        terminal.until(lambda text: "stdin" in text and "live" in text)
        assert len(terminal.text.split("\n")[0].rstrip()) > 80, "the size is the terminal's"
        terminal.type("?")
        terminal.until(lambda text: "lossmon: help" in text)
        terminal.type("\x1b")
        terminal.until(lambda text: "lossmon: help" not in text)
        with held.open("w") as file:
            file.write('{"step": 40, "loss": 0.25}\n')
        terminal.until(lambda text: re.search(r"step +40\b", text) is not None)
        # What comes after the screen was left is passed on, too: the training lives on.
        terminal.type("q")
        terminal.until(lambda text: "passed on to its end" in text)
        with held.open("w") as file:
            file.write("the last words")
        terminal.until(lambda text: "left 0" in text)
        terminal.end()
        assert terminal.after == terminal.before
    expected = log.read_bytes() + b'{"step": 40, "loss": 0.25}\nthe last words'
    assert (tmp_path / "got").read_bytes() == expected


def test_the_screen_is_on_the_terminal_wherever_errors_and_input_go(
    log: Path, tmp_path: Path
) -> None:
    with Shell(f"{COMMAND} {log} < /dev/null 2> errors; echo left $?", tmp_path) as terminal:
        terminal.until(lambda text: "quit" in text and "metrics.jsonl" in text)
        terminal.type("?")
        terminal.until(lambda text: "lossmon: help" in text)
        terminal.type("\x1b")
        terminal.until(lambda text: "lossmon: help" not in text)
        terminal.type("q")
        terminal.until(lambda text: "left 0" in text)
        terminal.end()
        assert terminal.after == terminal.before
    assert (tmp_path / "errors").read_bytes() == b""


def test_ctrl_z_gives_the_terminal_back_and_fg_paints_it_again(log: Path, tmp_path: Path) -> None:
    with Shell(None, tmp_path, PS1="ready> ") as terminal:
        terminal.until(lambda text: "ready>" in text)
        terminal.type(f"{COMMAND} {log}\n")
        terminal.until(lambda text: "quit" in text and "metrics.jsonl" in text)
        painted = len(terminal.raw)
        terminal.type("\x1a")
        terminal.until(lambda _: b"Stopped" in terminal.raw[painted:])
        left = bytes(terminal.raw[painted:])
        assert b"\x1b[?1049l" in left
        assert changed_modes(terminal.raw) <= {b"2004"}  # the shell's own, at its prompt
        terminal.screen.reset()
        terminal.type("fg\n")
        terminal.until(lambda text: "quit" in text and "0.5" in text)
        assert b"Traceback" not in terminal.raw
        terminal.type("q")
        back = len(terminal.raw)
        terminal.until(lambda _: b"ready>" in terminal.raw[back:])
        terminal.type("exit\n")
        assert terminal.end() == 0


def test_ctrl_z_stops_the_training_in_front_of_the_pipe_and_fg_brings_both_back(
    tmp_path: Path,
) -> None:
    (tmp_path / "train.py").write_text(
        "import itertools, json, time\n"
        "for n in itertools.count():\n"
        "    print(json.dumps({'step': n, 'loss': 3 / (n + 1) + 0.5}), flush=True)\n"
        "    time.sleep(0.005)\n"
    )
    with Shell(None, tmp_path, PS1="ready> ") as terminal:
        terminal.until(lambda text: "ready>" in text)
        terminal.type(f"{shlex.quote(sys.executable)} train.py | {COMMAND} -\n")
        terminal.until(lambda text: "quit" in text and "healthy" in text)
        painted = len(terminal.raw)
        terminal.type("\x1a")
        terminal.until(lambda _: b"Stopped" in terminal.raw[painted:])
        terminal.type("echo mine $((6 * 7))\n")
        terminal.until(lambda _: b"mine 42" in terminal.raw[painted:])  # the shell has its terminal
        terminal.screen.reset()
        back = len(terminal.raw)
        terminal.type("fg\n")
        terminal.until(lambda text: "quit" in text and "healthy" in text)
        assert b"Traceback" not in terminal.raw
        terminal.type("q")
        terminal.until(lambda _: b"ready>" in terminal.raw[back:])
        terminal.type("exit\n")
        terminal.end()


def test_a_stop_from_outside_and_a_signal_to_go_on_leave_one_screen(
    log: Path, tmp_path: Path
) -> None:
    with Shell(None, tmp_path, PS1="ready> ") as terminal:
        terminal.until(lambda text: "ready>" in text)
        terminal.type(f"{COMMAND} {log}\n")
        terminal.until(lambda text: "quit" in text and "metrics.jsonl" in text)
        job = os.tcgetpgrp(terminal._master)
        os.killpg(job, signal.SIGCONT)  # it had not stopped at all
        os.killpg(job, signal.SIGSTOP)  # it cannot give the terminal back; the shell takes it
        terminal.until(lambda _: b"Stopped" in terminal.raw)
        back = len(terminal.raw)
        terminal.type("stty sane; bg; echo mine $((6 * 7))\n")
        terminal.until(lambda _: b"mine 42" in terminal.raw[back:])
        terminal.screen.reset()
        terminal.type("fg\n")
        terminal.until(lambda text: "quit" in text and "0.5" in text)
        terminal.type("?")  # no line need end: the terminal is not the shell's any more
        terminal.until(lambda text: "lossmon: help" in text)
        terminal.type("\x1b")
        terminal.until(lambda text: "lossmon: help" not in text)
        back = len(terminal.raw)
        terminal.type("q")
        terminal.until(lambda _: b"ready>" in terminal.raw[back:])
        assert b"Traceback" not in terminal.raw
        assert changed_modes(terminal.raw) <= {b"2004"}
        terminal.type("exit\n")
        assert terminal.end() == 0


def works_in(process: str) -> str:
    """Return a process's directory; empty where it has ended since it was listed."""
    try:
        return str(Path(f"/proc/{process}/cwd").readlink())
    except OSError:
        return ""


@pytest.mark.parametrize("source", ["file", "pipe", "without SIGHUP"])
def test_it_ends_by_itself_when_the_terminal_is_gone(
    log: Path, tmp_path: Path, source: str
) -> None:
    script = f"{COMMAND} {log}"
    if source == "pipe":
        script = f"(cat {log}; sleep 60) | {script.replace(str(log), '-')}"
    if source == "without SIGHUP":
        script = f"setsid --wait {script}"  # not its controlling terminal: no signal comes
    with Shell(f"{script}; :", tmp_path) as terminal:
        terminal.until(lambda text: "quit" in text)
        found = subprocess.run(
            ["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True
        ).stdout
        (process,) = (
            int(line.split()[0])
            for line in found.splitlines()
            if " -m lossmon" in line
            and not {"bash", "setsid"} & set(line.split())
            and works_in(line.split()[0]) == str(tmp_path.resolve())
        )
        terminal.cut()
        end = time.monotonic() + 15
        while Path(f"/proc/{process}").exists() and time.monotonic() < end:
            terminal.process.poll()  # the process is the shell's child, or ours after it
            time.sleep(0.05)
        state = Path(f"/proc/{process}")
        alive = state.exists()
        if alive:
            os.kill(process, signal.SIGKILL)
        assert not alive, "an orphan was left"
    assert not list((tmp_path / "state").rglob("lossmon-*.log"))


def test_a_terminal_without_utf_8_gets_ascii_alone(tmp_path: Path) -> None:
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with Terminal(DEMO, cwd=tmp_path, **plain) as terminal:
        terminal.until(lambda text: "11 runs" in text and "quit" in text)
        for view, words in (("2", "focus"), ("3", "panes"), ("4", "compare"), ("5", "metrics")):
            terminal.type(view)
            terminal.until(lambda text, words=words: f"lossmon  {words}" in text)
        terminal.type("?")
        terminal.until(lambda text: "lossmon: help" in text)
        terminal.type("\x1b")
        terminal.until(lambda text: "lossmon: help" not in text)
        terminal.type("q")
        assert terminal.end() == 0
        foreign = {byte for byte in terminal.raw if byte > 127}
        assert not foreign
    with Terminal("report", DEMO / "healthy", cwd=tmp_path, **plain) as terminal:
        assert terminal.end() == 0
        assert max(terminal.raw) < 128
