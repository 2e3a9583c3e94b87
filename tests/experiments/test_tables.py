"""The statistics of the experiments against scipy, and the tables that the README shows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from experiments.fine_tuning import tables
from experiments.fine_tuning.loss_curve_analysis import (
    BASE,
    MEASURED,
    RESULTS,
    all_tables,
    load,
    plan,
)
from experiments.fine_tuning.tables import Captured

NUMBERS = st.lists(st.integers(-20, 20).map(float), min_size=3, max_size=30)


@given(NUMBERS, st.randoms())
def test_spearman_is_scipys(values: list[float], source: object) -> None:
    a = np.array(values)
    b = np.random.default_rng(len(values)).permutation(a)
    if len(set(values)) > 1:
        assert tables.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    else:
        assert np.isnan(tables.spearman(a, b))


@given(NUMBERS)
def test_the_falling_fit_is_scipys_isotonic_regression(values: list[float]) -> None:
    wanted = optimize.isotonic_regression(np.array(values), increasing=False).x
    np.testing.assert_allclose(tables.falling_fit(np.array(values)), wanted, atol=1e-9)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts: tuple[int, int]) -> None:
    found, of = counts
    wanted = stats.binomtest(found, of).proportion_ci(0.95, method="wilson")
    assert tables.wilson(found, of) == pytest.approx((wanted.low, wanted.high), abs=1e-6)


def run(losses: list[float], scores: list[float], **setting: object) -> Captured:
    evals = [
        (10.0 * k, loss, score) for k, (loss, score) in enumerate(zip(losses, scores, strict=True))
    ]
    values = {"task": "code", "examples": 1024, "rate": 0.01, "batch": 16, "seed": 1, "steps": 40,
              "method": "lora", **setting}  # fmt: skip
    return Captured(values, [], evals, "healthy", "power", 0.5, "moderate", 0.1, "monitor", 0.01,
                    20.0, None)  # fmt: skip


def test_a_loss_is_good_enough_where_the_score_gets_there() -> None:
    runs = [run([2.0, 1.0, 0.5, 0.1], [0.0, 0.4, 0.9, 1.0]) for _ in range(3)]
    assert tables.loss_for_score(runs, 0.9) == 0.5
    assert np.isnan(tables.loss_for_score([run([2.0, 1, 1, 1], [0.0, 0, 0, 0])], 0.9))


def test_a_score_that_fell_beyond_chance_is_a_harm() -> None:
    assert tables.harmed(run([2.0, 1, 1, 2], [0.0, 0.9, 0.8, 0.5]))
    assert not tables.harmed(run([2.0, 1, 1, 2], [0.0, 0.5, 0.52, 0.48]))


def test_a_perfect_proxy_has_a_rank_correlation_of_minus_one() -> None:
    (row,) = tables.proxy([run([2.0, 1.0, 0.5, 0.1 * k], [0.0, 0.2, 0.5, 1 - 0.1 * k], seed=k)
                           for k in range(1, 6)])  # fmt: skip
    assert row[2].startswith("-1.00")
    assert row[3].startswith("-1.00")


def test_the_readme_shows_what_the_command_prints_and_explain_cites_it() -> None:
    runs = load()
    if not runs:
        pytest.skip(f"{RESULTS.name}: nothing is captured yet")
    planned = list(plan())
    assert [run.setting for run in runs if run.setting not in planned] == []
    readme = (Path(__file__).parents[2] / "experiments" / "README.md").read_text(encoding="utf-8")
    assert all_tables(runs).strip() in readme
    cited = json.loads(MEASURED.read_text(encoding="utf-8"))["fine_tuning"]
    lora = [run for run in runs if run.setting["method"] == "lora"]
    found = tables.findings(lora, BASE)
    assert {name: cited[name] for name in found} == found
