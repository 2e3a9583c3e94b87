"""What the commands promise to scripts: codes, one line on errors, data alone on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import DEMO, environment, lossmon

LOGS = {
    "healthy": DEMO / "healthy", "overfitting": DEMO / "overfitting", "nan": DEMO / "nan",
    "text": "text.txt", "nowhere": "nowhere.log",
}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "data", "lines"),
    [
        (["check", "healthy", "--fail-on", "divergence,nonfinite"], 0, False, 0),
        (["check", "nan", "--fail-on", "nonfinite"], 1, True, 0),
        (["check", "nan", "overfitting", "--fail-on", "overfitting,restart"], 1, True, 0),
        (["check", "nowhere", "--fail-on", "spike"], 2, False, 1),
        (["check", "text", "--fail-on", "spike"], 4, False, 1),
        (["wait", "healthy", "--until", "finished"], 0, True, 0),
        (["wait", "healthy", "--until", "nonfinite", "--timeout", "0.1s"], 3, False, 1),
        (["wait", "healthy"], 2, False, 1),
        (["compare", "healthy", "overfitting"], 0, True, 0),
        (["compare", "nowhere"], 2, False, 1),
        (["compare", "text"], 4, True, 1),
        (["report", "healthy", "text"], 4, True, 1),
        (["report", "nowhere"], 2, False, 1),
        (["report", "healthy", "--format", "xml"], 2, False, 1),
        (["report", "healthy", "-o", "no/such/folder.txt"], 2, False, 1),
        (["explain", "plateau"], 0, True, 0),
        (["explain", "xyzzy"], 2, False, 1),
        (["formats"], 0, True, 0),
        (["formats", "nan"], 0, True, 0),
        (["formats", "nowhere"], 2, False, 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_codes_and_streams(
    tmp_path: Path, arguments: list[str], code: int, data: bool, lines: int
) -> None:
    (tmp_path / "text.txt").write_text("Dear diary,\nno training today.\n" * 5)
    done = lossmon(*(LOGS.get(word, word) for word in arguments), cwd=tmp_path)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert bool(done.stdout) is data
    assert len(done.stderr.splitlines()) == lines, done.stderr
    assert b"Traceback" not in done.stdout + done.stderr
    if arguments[0] == "wait" and data:
        (line,) = done.stdout.splitlines()
        assert json.loads(line)["kind"] in ("finished", "nonfinite")
    if code in (2, 4) and "nowhere" in arguments:
        assert b"nowhere.log" in done.stderr


@pytest.mark.parametrize("where", ["> /dev/full", ">&-"])
@pytest.mark.parametrize(
    "command",
    ["report", "check --fail-on nonfinite", "formats", "explain gap", "--help", "--version"],
)
def test_a_full_disk_or_no_output_is_said_in_one_line(
    tmp_path: Path, command: str, where: str
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    source = LOGS["nan"] if command.startswith(("report", "check")) else ""
    done = subprocess.run(
        f"{sys.executable} -m lossmon {command} {source} {where}",
        shell=True, cwd=tmp_path, env=environment(tmp_path), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("lossmon: standard output cannot be written: ")


def test_an_unforeseen_error_is_one_line_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lossmon.cli import formats
    from lossmon.cli.main import main

    def broken(options: object) -> int:
        raise RuntimeError("out of order")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(formats, "run", broken)
    assert main(["formats"]) == 70
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    trace = Path(line.rpartition(" ")[2])
    assert "out of order" in trace.read_text()
