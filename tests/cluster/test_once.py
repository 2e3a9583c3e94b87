"""A training whose logs lie in different shares is one run, as on one machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossmon.cluster import Job, once, read_shares, spread
from lossmon.model import Role, SeriesView
from lossmon.monitor.twins import MIN_POINTS, SKETCHED, Sketch, Whole, sketch
from lossmon.settings import Settings

NOISE = np.random.default_rng(0).normal(0, 0.05, (2, 3000))


def loss(step: int, seed: int) -> float:
    noise = np.random.default_rng(seed * 100_000 + step).normal(0, 0.05)
    return float(2 + 3 / (1 + step / 50) + noise)


def write_state(folder: Path, seed: int, points: int) -> None:
    folder.mkdir(parents=True)
    history = [{"step": s, "loss": loss(s, seed)} for s in range(10, 10 * points + 10, 10)]
    state = {"global_step": 10 * points, "max_steps": 10_000, "log_history": history}
    (folder / "trainer_state.json").write_text(json.dumps(state))


def write_csv(folder: Path, seed: int, points: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{s},{loss(s, seed):.4g}\n" for s in range(10, 10 * points + 10, 10))
    (folder / "metrics.csv").write_text("step,loss\n" + rows)


def read(*sources: Path) -> list[tuple[str, str]]:
    """The runs that workers would send, made one: their formats and where else they are."""
    found = spread([str(source) for source in sources], Settings())
    runs = read_shares(found.shares, Job(found.root, Settings()))
    views = [one.digest.run for one in once([run for share in runs for run in share])]
    return [(view.format, dict(view.facts).get("also in", "")) for view in views]


def test_logs_of_one_training_in_two_shares_are_one_run(tmp_path: Path) -> None:
    write_state(tmp_path / "run" / "deeper", seed=1, points=300)
    write_csv(tmp_path / "run", seed=1, points=290)
    assert len(spread([str(tmp_path)], Settings()).shares) == 2
    ((kind, also),) = read(tmp_path)
    assert kind == "hf-trainer-state"
    assert also == str(tmp_path / "run" / "metrics.csv")


def test_two_seeds_in_two_shares_are_two_runs(tmp_path: Path) -> None:
    write_state(tmp_path / "run" / "deeper", seed=1, points=100)
    write_csv(tmp_path / "run", seed=2, points=100)
    assert len(read(tmp_path)) == 2


def test_a_run_that_is_named_and_found_is_one_and_is_not_folded(tmp_path: Path) -> None:
    write_csv(tmp_path / "run", seed=1, points=100)
    named = tmp_path / "run" / "metrics.csv"
    assert read(tmp_path, named) == [("csv", "")]
    write_state(tmp_path / "run" / "deeper", seed=1, points=100)
    assert len(read(tmp_path)) == 1
    assert len(read(tmp_path, named)) == 2


def series(points: int, digits: int, every: int, seed: int) -> SeriesView:
    steps = every * np.arange(1.0, points + 1)
    exact = 2 + 3 / (1 + steps / 50) + NOISE[seed, :points]
    values = np.array([float(f"{value:.{digits}g}") for value in exact])
    return SeriesView("loss", Role.TRAIN_LOSS, values, 0, (), steps, None, None, slice(None))


def whole(one: SeriesView) -> Whole:
    return Whole(one, frozenset())


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 30), st.integers(0, 1))
def test_a_sketch_says_what_the_whole_curve_says(
    points: int, others: int, every: int, seed: int
) -> None:
    one, other = series(points, 17, every, 0), series(others, 4, every, seed)
    left, right = sketch(one), sketch(other)
    if min(points, others) < MIN_POINTS:
        assert left is None or right is None
        return
    assert isinstance(left, Sketch)
    assert isinstance(right, Sketch)
    assert max(len(left.steps), len(right.steps)) <= SKETCHED
    said = left.agrees(right)
    assert said == right.agrees(left)
    if said:
        assert whole(one).agrees(whole(other))
    elif whole(one).agrees(whole(other)):  # few points are left where one is four times as long
        assert max(points, others) > 1.5 * min(points, others)
