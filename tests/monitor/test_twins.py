"""One training in several logs is one row; two trainings never are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from lossmon.monitor import Monitor

STEPS = range(10, 310, 10)


def loss(step: int, seed: int = 0) -> float:
    noise = np.random.default_rng(seed * 1000 + step).normal(0, 0.05)
    return float(2 + 3 / (1 + step / 50) + noise)


def write_state(directory: Path, seed: int = 0) -> None:
    directory.mkdir(parents=True)
    history = [{"step": s, "epoch": s / 100, "loss": loss(s, seed)} for s in STEPS]
    state = {"global_step": 300, "max_steps": 400, "log_history": history}
    (directory / "trainer_state.json").write_text(json.dumps(state))


def write_csv(directory: Path, seed: int = 0, digits: int = 4) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{s},{loss(s, seed):.{digits}g}\n" for s in STEPS)
    (directory / "metrics.csv").write_text("step,loss\n" + rows)


def names(*sources: Path) -> list[str]:
    with Monitor([str(source) for source in sources]) as monitor:
        return [run.format for run in monitor.read_all().runs]


def test_two_logs_of_one_training_are_one_row(tmp_path: Path) -> None:
    write_state(tmp_path / "out")
    write_csv(tmp_path / "out")
    with Monitor([str(tmp_path)]) as monitor:
        (run,) = monitor.read_all().runs
    assert run.format == "hf-trainer-state"
    assert dict(run.facts)["also in"].endswith("metrics.csv")


def test_a_log_in_a_folder_above_is_a_twin_too(tmp_path: Path) -> None:
    write_state(tmp_path / "out" / "deeper")
    write_csv(tmp_path)
    assert len(names(tmp_path)) == 1


def test_seeds_are_not_twins(tmp_path: Path) -> None:
    write_state(tmp_path / "out", seed=1)
    write_csv(tmp_path / "out", seed=2)
    assert len(names(tmp_path)) == 2


def test_the_same_training_in_two_folders_is_two_runs(tmp_path: Path) -> None:
    write_csv(tmp_path / "a")
    write_csv(tmp_path / "b")
    assert len(names(tmp_path)) == 2


def test_what_the_user_named_is_never_folded(tmp_path: Path) -> None:
    write_state(tmp_path / "out")
    write_csv(tmp_path / "out")
    both = (tmp_path / "out" / "trainer_state.json", tmp_path / "out" / "metrics.csv")
    assert len(names(*both)) == 2
