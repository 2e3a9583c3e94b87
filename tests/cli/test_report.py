"""`lossmon report` keeps the contract: keys, codes, one-line errors, data alone on stdout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import DEMO, ROOT, lossmon

NATIVE = ROOT.parent / "shared" / "native"


def report(cwd: Path, *sources: str | Path) -> dict[str, Any]:
    done = lossmon("report", "--format", "json", *sources, cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    found = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"literal {name}"))
    assert found["schema"] == "lossmon.report/1"
    return found


def test_the_keys_of_the_contract_are_there(tmp_path: Path) -> None:
    found = report(tmp_path, DEMO / "overfitting" / "console.txt")
    (run,) = found["runs"]
    assert {"name", "source", "format", "state", "error", "bad_records", "series"} <= set(run)
    assert {"summary", "verdict", "events"} <= set(run)
    assert {
        "name", "role", "points", "nonfinite", "segments", "first", "last", "min", "max"
    } <= set(run["series"][0])  # fmt: skip
    assert {
        "train", "eval", "steps", "epochs", "reduction", "reduction_rating", "smoothed",
        "slope_per_1000_steps", "noise", "noise_rating", "gap", "gap_rating", "best_eval",
        "best_checkpoint", "probability", "perplexity", "half_way_step",
    } <= set(run["summary"])  # fmt: skip
    assert {"status", "shape", "headline", "advice", "evidence"} <= set(run["verdict"])
    for event in run["events"]:
        assert {
            "kind", "severity", "step", "onset_step", "cleared_step", "message"
        } <= set(event)  # fmt: skip


def test_an_overfitting_run_is_called_so_with_its_onset(tmp_path: Path) -> None:
    (run,) = report(tmp_path, DEMO / "overfitting" / "console.txt")["runs"]
    points = {series["name"]: series["points"] for series in run["series"]}
    assert points["loss"] == 48
    assert points["eval_loss"] == 24
    assert run["summary"]["best_eval"]["step"] == 100
    assert run["summary"]["steps"] == 480
    raised = [event for event in run["events"] if event["kind"] == "overfitting"]
    assert [event["onset_step"] for event in raised if event["cleared_step"] is None] == [100]
    assert run["verdict"]["status"] == "overfitting"
    assert run["state"] == "finished"


@pytest.mark.skipif(not NATIVE.exists(), reason="the shared runs are not on this machine")
@pytest.mark.parametrize("file", ["out/trainer_state.json", "console.pipe.txt", "console.pty.txt"])
def test_the_same_run_says_the_same_in_each_of_its_files(tmp_path: Path, file: str) -> None:
    (run,) = report(tmp_path, NATIVE / "transformers" / "overfit" / file)["runs"]
    points = {series["name"]: series["points"] for series in run["series"]}
    assert (points["loss"], points["eval_loss"]) == (48, 24)
    assert run["summary"]["best_eval"]["step"] == 100
    assert run["summary"]["steps"] == 480
    assert [e["onset_step"] for e in run["events"] if e["kind"] == "overfitting"][-1] == 100


def test_a_directory_is_searched_for_runs(tmp_path: Path) -> None:
    runs = {run["name"]: run for run in report(tmp_path, DEMO)["runs"]}
    assert {"healthy", "overfitting", "diverging", "nan", "plateau", "seed-1"} <= set(runs)
    assert len(runs) == 11
    assert runs["nan"]["verdict"]["status"] == "nonfinite"
    assert runs["diverging"]["verdict"]["status"] == "diverging"


def test_nonfinite_values_are_strings(tmp_path: Path) -> None:
    (run,) = report(tmp_path, DEMO / "nan" / "metrics.jsonl")["runs"]
    train = next(series for series in run["series"] if series["name"] == run["summary"]["train"])
    assert train["last"]["value"] == "nan"
    assert train["nonfinite"] > 0


def test_text_says_it_in_words(tmp_path: Path) -> None:
    done = lossmon("report", DEMO / "overfitting" / "console.txt", cwd=tmp_path)
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "overfitting" in text
    assert "best eval" in text
    assert max(map(len, text.splitlines())) <= 110
    assert "\x1b" not in text


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    done = lossmon("report", DEMO / "healthy", "--format", "json", "-o", "out.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert json.loads((tmp_path / "out.json").read_text())["runs"]


def test_standard_input_is_read_to_its_end(tmp_path: Path) -> None:
    data = (DEMO / "nan" / "metrics.jsonl").read_bytes()
    done = lossmon("report", "-", "--format", "json", cwd=tmp_path, stdin=data)
    (run,) = json.loads(done.stdout)["runs"]
    assert run["source"] == "-"
    assert run["series"][0]["points"] == data.count(b"\n")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["report", "nowhere.jsonl"], 2, ["nowhere.jsonl"]),
        (["report"], 2, ["SOURCE"]),
        (["report", "--nonsense", "x"], 2, ["--nonsense"]),
        (["report", "empty"], 2, ["empty"]),
        (["report", "text.txt"], 4, ["text.txt"]),
        (["report", "text.txt", "--log-format", "no-such"], 2, ["no-such"]),
        (["report", "text.txt", "--pattern", "(?P<loss>"], 2, ["pattern"]),
    ],
)
def test_errors_take_one_line_and_their_code(
    tmp_path: Path, arguments: list[str], code: int, words: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("Dear diary,\nno training today.\n" * 5)
    done = lossmon(*arguments, cwd=tmp_path)
    assert done.returncode == code
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1, lines
    assert all(word in lines[0] for word in words)
    assert "Traceback" not in done.stderr.decode()


def test_a_pattern_reads_what_no_format_fits(tmp_path: Path) -> None:
    lines = "".join(f"<{step}> wobble {1 / step:.4f}\n" for step in range(1, 40))
    (tmp_path / "odd.txt").write_text(lines)
    pattern = r"<(?P<step>\d+)> wobble (?P<loss>[\d.]+)"
    done = lossmon("report", "odd.txt", "--format", "json", "--pattern", pattern, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert run["series"][0]["points"] == 39


def test_json_needs_no_screen_no_charts_and_no_tables(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom lossmon.cli.main import main\n"
        f"main(['report', '--format', 'json', {str(DEMO / 'nan' / 'metrics.jsonl')!r}])\n"
        "bad = {'textual', 'plotext', 'pandas', 'watchdog', 'scipy', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported: {bad}' if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
