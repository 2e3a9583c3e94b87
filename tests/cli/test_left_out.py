"""What a log holds and no series shows is said: in the report, and in the run's row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import lossmon
from tests.cli.terminal import Terminal

NAMES = 100_000


def line(step: int, **more: float) -> str:
    return json.dumps({"step": step, "loss": 2 / (step + 1), **more}) + "\n"


@pytest.fixture
def long_line() -> str:
    """One line of over 3 MB with 100,000 names."""
    text = line(0, **{f"metric_number_{number:06d}": number / 7 for number in range(NAMES)})
    assert len(text) > 3_000_000
    return text


def test_a_run_of_nothing_but_too_long_lines_says_so(tmp_path: Path, long_line: str) -> None:
    (tmp_path / "long.jsonl").write_text(2 * long_line)
    said = "no points in it: 2 lines of over 1 MiB were skipped"
    done = lossmon("report", "long.jsonl", cwd=tmp_path)
    assert done.returncode == 4
    assert said in done.stdout.decode()
    assert said in done.stderr.decode()
    (run,) = json.loads(lossmon("report", "long.jsonl", "--format", "json", cwd=tmp_path).stdout)[
        "runs"
    ]
    assert (run["bad_records"], run["skipped_lines"], run["refused_values"]) == (2, 2, 0)
    assert run["error"] == said
    with Terminal("long.jsonl", cwd=tmp_path, columns=160) as terminal:
        terminal.until(lambda text: said in " ".join(text.split()))
        assert "too early" not in terminal.text
        terminal.type("q")
        assert terminal.end() == 0


def test_a_pipe_of_nothing_but_too_long_lines_says_so(tmp_path: Path, long_line: str) -> None:
    done = lossmon("report", "-", cwd=tmp_path, stdin=long_line.encode())
    assert "1 line of over 1 MiB was skipped" in done.stdout.decode()


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_run_with_points_says_what_is_not_among_them(
    tmp_path: Path, long_line: str, form: str
) -> None:
    with (tmp_path / "mixed.jsonl").open("w") as log:
        log.writelines(line(step) for step in range(60))
        log.write(long_line)
        log.write(line(60, **{f"m{number}": 1.0 for number in range(5000)}))
        log.write('{"step": 61, "loss": \n')
    done = lossmon("report", "mixed.jsonl", "--format", form, cwd=tmp_path)
    report = done.stdout.decode()
    assert done.returncode == 0
    assert "1 line of over 1 MiB was skipped" in report
    assert "3,001 values of metrics beyond the first 2,000 names were left out" in report
    assert "1 record could not be read" in report


def test_the_details_of_a_run_say_it_too(tmp_path: Path, long_line: str) -> None:
    with (tmp_path / "mixed.jsonl").open("w") as log:
        log.writelines(line(step) for step in range(60))
        log.write(long_line)
    with Terminal("mixed.jsonl", cwd=tmp_path, columns=160) as terminal:
        terminal.until(lambda text: "1 line of over 1 MiB was skipped" in " ".join(text.split()))
        terminal.type("q")
        assert terminal.end() == 0


def test_points_behind_a_long_first_line_are_read(tmp_path: Path) -> None:
    """A whole configuration may stand before them: longer than what formats look at."""
    config = json.dumps({"config": {f"key_{number}": number for number in range(20_000)}})
    assert 200_000 < len(config) < 1 << 20
    with (tmp_path / "log.jsonl").open("w") as log:
        log.write(config + "\n")
        log.writelines(line(step) for step in range(60))
    done = lossmon("report", "log.jsonl", "--format", "json", cwd=tmp_path)
    (run,) = json.loads(done.stdout)["runs"]
    assert (run["format"], run["series"][0]["points"]) == ("jsonl", 60)


def test_a_first_line_without_an_end_is_told_from_an_unknown_format(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"config": {' + '"key": 1, ' * 20_000)
    done = lossmon("report", "log.jsonl", cwd=tmp_path)
    assert "no known format fits its first 64 KiB, which have no line's end" in done.stdout.decode()
