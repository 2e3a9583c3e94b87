"""`lossmon compare`: rows, seeds grouped, tests between groups, all formats."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from lossmon.report.comparison import without_seed
from lossmon.report.tables import escape_markdown, safe_cell
from tests.cli.command import DEMO, lossmon


def write_runs(root: Path, **levels: float) -> None:
    """Two configurations' seeds: a decay to a level, a log each."""
    for name, level in levels.items():
        path = root / name / "metrics.jsonl"
        path.parent.mkdir(parents=True)
        rows = [
            {"step": step, "loss": level + 2 * 0.97**step + 0.01 * ((step * 37) % 11 - 5) / 5}
            for step in range(200)
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def compare(cwd: Path, *arguments: str | Path) -> dict[str, Any]:
    done = lossmon("compare", *arguments, "--format", "json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_seeds_are_grouped_and_configurations_tested(tmp_path: Path) -> None:
    levels = {"low-seed-1": 1.0, "low-seed-2": 1.02, "low-seed-3": 0.98}
    levels |= {"high-seed-1": 1.5, "high-seed-2": 1.53, "high-seed-3": 1.49}
    write_runs(tmp_path, **levels)
    found = compare(tmp_path, ".", "--target", "1.7")
    assert {g["name"]: g["runs"] for g in found["groups"]} == {"low": 3, "high": 3}
    (test,) = found["tests"]
    sign = 1 if test["first"] == "high" else -1
    assert sign * test["difference"] == pytest.approx(0.5066, abs=0.01)
    assert test["larger_than_seeds"] == "yes"
    rows = {row["name"]: row for row in found["runs"]}
    assert rows["low-seed-1"]["final"] == pytest.approx(1.0, abs=0.02)
    assert rows["low-seed-1"]["seed"] == "1"
    assert rows["low-seed-1"]["target_step"] < rows["high-seed-1"]["target_step"]


def test_one_seed_gives_no_answer(tmp_path: Path) -> None:
    write_runs(tmp_path, a_s1=1.0, a_s2=1.1, b_s1=2.0)
    (test,) = compare(tmp_path, ".")["tests"]
    assert test["larger_than_seeds"] == "unknown"
    assert "one seed" in test["reason"]


def test_a_target_that_is_never_reached_is_null(tmp_path: Path) -> None:
    write_runs(tmp_path, one=1.0)
    found = compare(tmp_path, ".", "--target", "0.5")
    assert [row["target_step"] for row in found["runs"]] == [None]
    assert found["groups"] == []


def test_by_an_unknown_fact_names_the_known_ones(tmp_path: Path) -> None:
    write_runs(tmp_path, one=1.0, two=1.2)
    found = compare(tmp_path, ".", "--by", "wings")
    assert any("wings" in note for note in found["notes"])


@pytest.mark.parametrize("format", ["text", "markdown", "csv"])
def test_the_demo_logs_in_every_format(tmp_path: Path, format: str) -> None:
    seeds = [DEMO / f"seed-{seed}" for seed in (1, 2, 3)]
    done = lossmon("compare", *seeds, "--format", format, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert all(f"seed-{seed}" in text for seed in (1, 2, 3))
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [float(row["final"]) > 0 for row in rows] == [True] * 3
    else:
        assert "±" in text


def test_wrong_use(tmp_path: Path) -> None:
    assert lossmon("compare", "nowhere", cwd=tmp_path).returncode == 2
    assert lossmon("compare", DEMO, "--target", "low", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("seed-1", ("seed", "1")),
        ("seed=42", ("seed", "42")),
        ("lr3e-4_s2", ("lr3e-4", "2")),
        ("small-seed-3/run", ("small/run", "3")),
        ("a.seed7.b", ("a.b", "7")),
        ("bert-s1-large", ("bert-large", "1")),
        ("steps100", ("steps100", None)),
        ("losses3", ("losses3", None)),
        ("gpus8", ("gpus8", None)),
    ],
)
def test_seeds_in_names(name: str, expected: tuple[str, str | None]) -> None:
    assert without_seed(name) == expected


def test_hostile_names_do_nothing() -> None:
    assert safe_cell("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    text = escape_markdown("<script>|[x](javascript:1)`rm`\n# @team https://x")
    assert "\n" not in text
    for char in "<>|[]`":
        assert f"\\{char}" in text
        assert char not in text.replace(f"\\{char}", "")
    assert "@team" not in text
    assert "https://" not in text
