"""Logs that attack: nothing of them reaches a terminal raw, none takes the others down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.attacks import ATTACK, MARKUP, build, raw_of, rows
from tests.cli.command import environment, lossmon
from tests.cli.terminal import Terminal

MAX_MEMORY = 300
"""MiB of resident memory, whatever is read."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of attacks, and one sound run among them."""
    return build(tmp_path_factory.mktemp("hostile"))


def test_what_a_log_could_send_is_told_from_what_a_screen_writes() -> None:
    assert raw_of(b"\x1b[?1049h\x1b[1;1H\x1b[38;2;1;2;3mwords\r\n") == []
    assert raw_of(b"\x1b]52;c;ZXZpbA==\x07") == ["\x1b]52;c;ZXZpbA==\x07"]
    assert raw_of(b"\x1b]0;pwned\x07\x1b[2J\x1b[31m") == [
        "\x1b]0;pwned\x07",
        "\x1b[2J",
        "\x1b[31m",
    ]
    assert raw_of("\u202e\x9b31m\x07".encode()) == ["\u202e", "\x9b", "\x07"]


@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown", "html"])
def test_no_report_holds_anything_raw(hostile: Path, tmp_path: Path, form: str) -> None:
    done = lossmon("report", hostile, "--format", form, cwd=tmp_path)
    assert done.returncode == 4, done.stderr  # out/trainer_state.json holds no series
    output = done.stdout + done.stderr
    # A zero-width space is what the Markdown report itself breaks markup with.
    assert [char for char in raw_of(output) if (form, char) != ("markdown", "\u200b")] == []
    assert b"\r" not in output
    assert "sound" in done.stdout.decode()
    if form == "html":
        assert b"<script>alert" not in output


def test_the_other_runs_are_read_whole(hostile: Path, tmp_path: Path) -> None:
    done = lossmon("report", hostile, "--format", "json", cwd=tmp_path)
    runs: dict[str, dict[str, Any]] = {
        Path(run["source"]).name: run for run in json.loads(done.stdout)["runs"]
    }
    sound = ("sound.jsonl", "names.jsonl", "long_names.jsonl", "run-x.wandb")
    for name in (*MARKUP, *sound, "events.out.tfevents.1.h"):
        loss = next(series for series in runs[name]["series"] if series["name"] == "loss")
        assert loss["points"] == 30, name
    # What holds no point at all says why; the others are no worse for it.
    assert {name for name, run in runs.items() if run["error"] is not None} == {
        "events.out.tfevents.2.h",
        "trainer_state.json",
    }
    assert runs["deep.jsonl"]["bad_records"] >= 1
    assert runs["events.out.tfevents.1.h"]["bad_records"] == 1
    names = [series["name"] for run in runs.values() for series in run["series"]]
    assert max(map(len, names)) <= 120


def test_a_name_that_is_no_name_is_said_harmlessly(tmp_path: Path) -> None:
    (tmp_path / "self.jsonl").symlink_to("self.jsonl")
    (tmp_path / "a\x1b[2Jb.txt").write_text("Dear diary,\n" * 9)
    (tmp_path / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"\x1b]0;x\x07" * 3000)
    for name, code, words in (
        ("self.jsonl", 2, "leads back to itself"),
        ("not\x1b]0;there\x07.jsonl", 2, "no such path"),
        ("a\x1b[2Jb.txt", 4, "no known format"),
        ("mlflow.db", 4, "damaged"),
    ):
        for command in ("report", "formats"):
            done = lossmon(command, name, cwd=tmp_path)
            assert raw_of(done.stdout + done.stderr) == []
            assert b"Traceback" not in done.stderr
            assert words in (done.stdout + done.stderr).decode()
            if command == "report":
                assert (done.returncode, done.stderr.count(b"\n")) == (code, 1)


def test_a_name_that_a_shell_hands_on_as_an_option_is_said_harmlessly(tmp_path: Path) -> None:
    for command in ("report", "watch", "compare"):
        done = lossmon(command, ".", "--no\x1b[2Jsuch\x1b]0;x\x07\u202e.jsonl", cwd=tmp_path)
        assert done.returncode == 2
        assert b"such" in done.stderr
        assert raw_of(done.stdout + done.stderr) == []


def test_plain_lines_hold_nothing_raw(tmp_path: Path) -> None:
    loss = f"loss/{ATTACK}"
    log = "".join(json.dumps({"step": n, loss: 2.0 if n < 30 else "NaN"}) + "\n" for n in range(40))
    done = lossmon("-", "--plain", "--train", loss, cwd=tmp_path, stdin=log.encode())
    assert b"nonfinite" in done.stdout
    assert raw_of(done.stdout + done.stderr) == []


# A process counts the memory of the one it was forked from: a small one must stand between.
LAUNCHER = """
import resource, subprocess, sys
with open("stdout", "wb") as file:
    code = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=file)
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def peak_of(*arguments: str | Path, cwd: Path) -> tuple[int, int, bytes]:
    """Run the command; return its exit code, the MiB it held at most, and its output."""
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, sys.executable, "-m", "lossmon", *map(str, arguments)],
        cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, env=environment(cwd), check=True,
    )  # fmt: skip
    code, memory = map(int, done.stdout.split())
    return code, memory, (cwd / "stdout").read_bytes()


def test_a_line_of_200_mb_and_4_gb_of_nothing_cost_no_memory(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    with (folder / "line.jsonl").open("w") as file:
        file.write(rows(20))
        piece = "z" * 1_000_000
        for _ in range(200):
            file.write(piece)
        file.write("\n" + rows(20))
    with (folder / "ends_in_a_hole.jsonl").open("w") as file:
        file.write(rows(20))
        file.truncate(4 << 30)
    with (folder / "begins_with_a_hole.jsonl").open("w") as file:
        file.truncate(4 << 30)
        file.seek(0, os.SEEK_END)
        file.write(rows(20))
    code, memory, output = peak_of("report", folder, "--format", "json", cwd=tmp_path)
    runs = {Path(run["source"]).name: run for run in json.loads(output)["runs"]}
    points = {name: run["series"][0]["points"] for name, run in runs.items()}
    assert code == 0
    assert points == {"line.jsonl": 40, "ends_in_a_hole.jsonl": 20, "begins_with_a_hole.jsonl": 20}
    assert runs["line.jsonl"]["bad_records"] == 1
    assert memory < MAX_MEMORY


def test_100_000_names_are_bounded_and_said(tmp_path: Path) -> None:
    with (tmp_path / "many.jsonl").open("w") as file:
        for step in range(1000):
            names = {f"m{step * 100 + number}": 1 for number in range(100)}
            file.write(json.dumps({"step": step, "loss": 3 / (step + 1), **names}) + "\n")
    code, memory, output = peak_of("report", "many.jsonl", "--format", "json", cwd=tmp_path)
    (run,) = json.loads(output)["runs"]
    assert code == 0
    assert len(run["series"]) == 2000
    assert run["series"][0]["points"] == 1000
    assert run["bad_records"] == 1000 * 100 - 1999
    assert memory < MAX_MEMORY


def test_the_screen_writes_nothing_of_theirs(hostile: Path, tmp_path: Path) -> None:
    with Terminal(hostile, cwd=tmp_path) as terminal:
        terminal.until(lambda text: "sound.jsonl" in text and "[@cli" in text)
        # Markup stands there as it is written; it neither colours nor can be clicked.
        for name in MARKUP:
            assert name[:5] in terminal.text  # a long name is cut in its middle
        terminal.type("/names\r")
        terminal.until(lambda text: "names.jsonl" in text)
        for key in "123456":
            terminal.type(key)
            terminal.read(0.3)
        terminal.type("1")
        terminal.until(lambda text: "lossmon  runs" in text)
        terminal.type("\x10")
        terminal.until(lambda text: "type letters" in text)
        terminal.type("[red]")
        terminal.until(lambda text: "Run: [red]red.jsonl" in text)
        terminal.type("\x1b")  # with the next key at once it would be Alt and that key
        terminal.until(lambda text: "Run: " not in text)
        terminal.type("q")
        assert terminal.end() == 0
        assert raw_of(bytes(terminal.raw)) == []
