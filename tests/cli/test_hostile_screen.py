"""Logs that attack, in every view of the real screen: shown as text, sent as nothing else."""

from __future__ import annotations

import base64
import csv
import json
import re
import sqlite3
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.attacks import ATTACK, raw_of
from tests.cli.command import lossmon
from tests.cli.terminal import Terminal
from tests.formats import stores

RUN = "[red]run\x1b[2J\u202e.jsonl"
SOUND = "[bold]ok\x1b]0;x\x07\u200b.jsonl"
LOSS = f"loss [bold]m[/] [@click=app.quit]{ATTACK}"
STEPS = 60
MAX_MEMORY = 300
"""MiB of resident memory, whatever is read."""
NAN = [float("nan")] * 5

_CLIPBOARD = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def lines(start: int, values: list[float]) -> str:
    return "".join(
        json.dumps({"step": start + index, LOSS: value, "lr": 0.1, "note": ATTACK}) + "\n"
        for index, value in enumerate(values)
    )


def falling(offset: float = 0.5) -> list[float]:
    return [3 / (step + 1) + offset for step in range(STEPS)]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Runs whose names, metrics, parameters and lines attack."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / RUN).write_text(lines(0, falling() + NAN))
    (folder / SOUND).write_text(lines(0, falling(0.7)))
    text = "".join(f"step {step} loss {3 / (step + 1) + 0.9:.4f} {ATTACK}\n" for step in range(60))
    (folder / "printed.txt").write_text(text)
    store = stores.mlflow(folder / "mlflow.db")
    store.execute("INSERT INTO runs VALUES ('r', ?, 'RUNNING', 0, NULL, 'active')", (ATTACK,))
    store.executemany("INSERT INTO params VALUES (?, ?, 'r')", [(ATTACK, ATTACK), ("lr", ATTACK)])
    store.executemany(
        "INSERT INTO metrics VALUES (?, ?, 1700000000000, 'r', ?, 0)",
        [(LOSS, value, step) for step, value in enumerate(falling(1.1))],
    )
    store.close()
    yield folder
    with sqlite3.connect(folder / "mlflow.db") as connection:
        assert connection.execute("SELECT count(*) FROM metrics").fetchone() == (STEPS,)
    connection.close()


def own_output(terminal: Terminal) -> bytes:
    """Return what was written, without what was copied to the clipboard: that is looked into."""
    raw = bytes(terminal.raw)
    for payload in _CLIPBOARD.findall(raw):
        assert raw_of(base64.b64decode(payload)) == []
    return _CLIPBOARD.sub(b"", raw)


def settle(terminal: Terminal) -> None:
    """Take what is still being written."""
    while terminal.read(0.2):
        pass


def shown(terminal: Terminal, keys: str, words: str) -> None:
    """Press keys; wait until all the words are on the screen."""
    terminal.type(keys)
    terminal.until(lambda text: all(word in text for word in words.split()))
    settle(terminal)


def leave(terminal: Terminal) -> None:
    """Quit, and look at all that was sent to the terminal."""
    terminal.type("q")
    assert terminal.end() == 0
    assert raw_of(own_output(terminal)) == []


def test_in_every_view_they_are_text(folder: Path, tmp_path: Path) -> None:
    with Terminal(folder, "--train", "loss.*", cwd=tmp_path, columns=160) as terminal:
        for key, words in (
            ("1", "[red]run [bold]ok"),
            ("2", "numbers"),
            ("3", "loss"),
            ("|", "loss"),
            ("4", "[red]run [bold]ok baseline"),
            ("E", "[red]run is NaN"),
        ):
            shown(terminal, key, words)
        terminal.type("\x1b")
        settle(terminal)
        shown(terminal, "?", "Keys")
        terminal.type("\x1b")
        settle(terminal)
        shown(terminal, "\x10", "type letters of what you look for")
        shown(terminal, "run: [red]", "Run: [red]run")
        terminal.type("\x1b")
        terminal.until(lambda text: "Run: " not in text)
        leave(terminal)


@pytest.mark.parametrize(
    ("name", "views"),
    [
        (RUN, "[red]run [bold]m"),
        ("mlflow.db", "[red]x [bold]m"),
    ],
)
def test_in_every_view_of_one_run_they_are_text(
    folder: Path, tmp_path: Path, name: str, views: str
) -> None:
    run, metric = views.split()
    with Terminal(folder / name, "--train", "loss.*", cwd=tmp_path, columns=160) as terminal:
        for key, words in (
            ("2", f"{run} {metric}"),
            ("c", metric),
            ("3", metric),
            ("4", run),
            ("5", f"{run} {metric}"),
            ("\r", metric),
            ("6", f"{run} {metric}"),
            ("t", run),
            ("1", run),
        ):
            shown(terminal, key, words)
        leave(terminal)


def test_the_lines_of_a_log_are_text(folder: Path, tmp_path: Path) -> None:
    with Terminal(folder / "printed.txt", cwd=tmp_path, columns=160) as terminal:
        shown(terminal, "6", "step 59 [red]x[/red][@click=app.quit]")
        shown(terminal, "t", "0.95")
        leave(terminal)


def test_the_list_of_what_was_raised_meanwhile_is_text(folder: Path, tmp_path: Path) -> None:
    with Terminal(folder, "--train", "loss.*", cwd=tmp_path, columns=160) as terminal:
        shown(terminal, "1", "[red]run [bold]ok 0.75")
        terminal.type("\x1b[O")
        settle(terminal)
        with (folder / SOUND).open("a") as log:
            log.write(lines(STEPS, NAN))
        terminal.until(lambda text: "2 with a warning" in text)
        shown(terminal, "\x1b[I", "raised while you were away [bold]ok [bold]m NaN")
        terminal.type("\x1b")
        settle(terminal)
        leave(terminal)


def peak_of(process: int) -> int:
    """Return the MiB that a process held at most."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise AssertionError("the kernel does not say")


def many_names() -> Iterator[dict[str, float]]:
    """100,000 of them, a hundred a line."""
    for step in range(1000):
        yield {f"m{step * 100 + number}": 1.0 for number in range(100)}


def long_names() -> Iterator[dict[str, float]]:
    """A megabyte each."""
    for step in range(60):
        yield {"x" * 1_000_000 + str(step): 1.0}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("names", [many_names, long_names])
def test_names_without_end_cost_the_screen_no_memory(
    tmp_path: Path, names: Callable[[], Iterator[dict[str, float]]]
) -> None:
    with (tmp_path / "many.jsonl").open("w") as log:
        for step, row in enumerate(names()):
            log.write(json.dumps({"step": step, "loss": 3 / (step + 1), **row}) + "\n")
    with Terminal("many.jsonl", cwd=tmp_path) as terminal:
        for key, words in (
            ("2", "numbers healthy"),
            ("3", "loss"),
            ("v", "loss"),
            ("4", "baseline"),
            ("v", "many"),
            ("5", "many loss"),
            ("G", "many"),
            ("6", "many step"),
            ("t", "loss"),
            ("1", "runs"),
        ):
            shown(terminal, key, words)
        assert peak_of(terminal.process.pid) < MAX_MEMORY
        leave(terminal)


def test_what_is_copied_and_exported_is_text(folder: Path, tmp_path: Path) -> None:
    with Terminal(folder / RUN, "--train", "loss.*", cwd=tmp_path, columns=160) as terminal:
        for view in "2345":
            shown(terminal, view, "[bold]m")
            terminal.type("y")
            settle(terminal)
            shown(terminal, "e", "wrote")
        leave(terminal)
        assert len(_CLIPBOARD.findall(bytes(terminal.raw))) == 4
    written = sorted(tmp_path.glob("lossmon-*"))
    assert {path.suffix for path in written} >= {".svg", ".txt", ".csv"}
    for path in written:
        assert raw_of(path.name.encode()) == []
        if path.suffix == ".png":
            continue
        assert raw_of(path.read_bytes()) == [], path.name
        if path.suffix == ".svg":
            ElementTree.parse(path)
        if path.suffix == ".csv":
            with path.open(newline="") as file:
                assert len({len(row) for row in csv.reader(file)}) == 1


@pytest.mark.parametrize("command", ["check", "compare", "formats"])
def test_commands_hold_nothing_raw(folder: Path, tmp_path: Path, command: str) -> None:
    more = [] if command == "formats" else ["--train", "loss.*"]
    more += ["--fail-on", "nonfinite,divergence"] if command == "check" else []
    done = lossmon(command, folder, *more, cwd=tmp_path)
    assert b"Traceback" not in done.stderr
    assert raw_of(done.stdout + done.stderr) == []
    assert b"[red]run" in done.stdout + done.stderr


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "markdown", "html"])
def test_a_report_of_a_run_that_is_told_of_holds_nothing_raw(
    folder: Path, tmp_path: Path, form: str
) -> None:
    output = tmp_path / f"report.{form}"
    done = lossmon(
        "report", folder, "--format", form, "--train", "loss.*", "-o", output, cwd=tmp_path
    )
    assert b"Traceback" not in done.stderr
    found = raw_of(output.read_bytes() + done.stdout + done.stderr)
    # A zero-width space is what the Markdown report itself breaks markup with.
    assert [char for char in found if (form, char) != ("markdown", "\u200b")] == []
    for picture in tmp_path.rglob("*.svg"):
        assert raw_of(picture.read_bytes()) == []
        ElementTree.parse(picture)
