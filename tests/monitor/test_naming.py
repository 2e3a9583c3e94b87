"""Runs are called by what tells them apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lossmon.monitor.naming import run_names


def test_a_generic_file_name_gives_way_to_its_folder() -> None:
    assert run_names(["runs/llama-lora/trainer_state.json"]) == ["llama-lora"]
    assert run_names(["/x/lightning_logs/version_3/metrics.csv"]) == ["x"]
    assert run_names(["a/console.txt", "b/console.txt"]) == ["a", "b"]


def test_a_telling_file_name_stays() -> None:
    assert run_names(["logs/bert-base.log", "logs/bert-large.log"]) == [
        "bert-base.log",
        "bert-large.log",
    ]


def test_clashing_names_get_more_of_their_path() -> None:
    names = run_names(["x/a/seed-1/metrics.csv", "x/b/seed-1/metrics.csv"])
    assert len(set(names)) == 2
    assert all("seed-1" in name for name in names)


def test_a_generic_end_stays_away_after_a_clash_too() -> None:
    paths = ["x/a/high/metrics.jsonl", "x/b/high/metrics.jsonl", "x/low/metrics.jsonl"]
    assert run_names(paths) == ["a/high", "b/high", "low"]
    assert run_names(["a/metrics.jsonl", "a/console.log"]) == ["a/metrics.jsonl", "a/console.log"]


@given(st.lists(st.from_regex(r"[a-c]{1,2}(/[a-c]{1,2}){0,3}", fullmatch=True), unique=True))
def test_different_paths_get_different_names(paths: list[str]) -> None:
    names = run_names(paths)
    assert len(set(names)) == len(paths)
