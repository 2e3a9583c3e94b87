"""A run with several evaluation sets: each is looked at, one decides, one that rises is named."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.analysis.analyzer import MAX_OTHERS, Analyzer
from lossmon.analysis.overfitting import OverfittingDetector, TrainContext
from lossmon.model import Batch, Column, RoleMap, is_other_evaluation
from tests.analysis.test_chunking import part

ROWS = np.arange(600)
AT = ROWS[9::10]


def falling(rng: np.random.Generator, noise: float = 0.02) -> np.ndarray:
    return 1 + 3 * np.exp(-AT / 150) + noise * rng.standard_normal(len(AT))


def turning(rng: np.random.Generator, noise: float = 0.02) -> np.ndarray:
    return falling(rng, noise) + np.clip(AT - 300, 0, None) / 150


def run(seed: int, **evaluations: np.ndarray) -> Batch:
    rng = np.random.default_rng(seed)
    train = 1 + 3 * np.exp(-ROWS / 200) + 0.05 * rng.standard_normal(len(ROWS))
    columns = [Column("loss", train)]
    columns += [Column(name, values, AT) for name, values in evaluations.items()]
    return Batch(ROWS.astype(float), tuple(columns))


def judged(batch: Batch, **names: str) -> Analyzer:
    analyzer = Analyzer(**names)
    analyzer.consume(batch)
    return analyzer


def test_another_set_that_rises_is_named_beside_the_judged_one_that_falls() -> None:
    rng = np.random.default_rng(1)
    analyzer = judged(run(0, eval_loss=falling(rng), eval_code_loss=turning(rng)))
    (event,) = [event for event in analyzer.events if event.kind == "overfitting"]
    assert event.series == "eval_code_loss"
    assert event.stands
    assert event.onset_step is not None
    assert 250 <= event.onset_step <= 420
    assert event.message.startswith(f"eval_code_loss rises since step {event.onset_step:g} while")
    assert "eval_loss still falls" in event.message or "eval_loss does not rise" in event.message
    assert analyzer.summary.eval == "eval_loss"
    verdict = analyzer.verdict
    assert verdict.status == "healthy"
    assert f"eval_code_loss rises since step {event.onset_step:g}" in verdict.headline
    assert "eval_code_loss rises" in str(verdict.evidence["other_evaluations"])
    assert any("eval_code_loss" in line for line in verdict.advice)


def test_the_judged_set_alone_decides_the_status() -> None:
    rng = np.random.default_rng(2)
    batch = run(0, eval_loss=turning(rng), eval_code_loss=falling(rng))
    analyzer = judged(batch)
    assert analyzer.verdict.status == "overfitting"
    assert {event.series for event in analyzer.events if event.kind == "overfitting"} == {
        "eval_loss"
    }
    other = judged(batch, eval="eval_code_loss")
    assert other.summary.eval == "eval_code_loss"
    assert other.others == ("eval_loss",)
    assert other.verdict.status != "overfitting"
    (event,) = [event for event in other.events if event.kind == "overfitting"]
    assert event.series == "eval_loss"


def test_a_set_that_comes_back_clears_and_is_no_longer_named() -> None:
    rng = np.random.default_rng(3)
    wave = falling(rng) + 0.8 * np.sin(np.pi * np.clip((AT - 200) / 300, 0, 1))
    analyzer = judged(run(0, eval_loss=falling(rng), eval_code_loss=wave))
    (event,) = [event for event in analyzer.events if event.kind == "overfitting"]
    assert not event.stands
    assert "rises" not in str(analyzer.verdict.evidence["other_evaluations"])


def test_a_further_measure_of_the_same_data_is_no_further_set() -> None:
    roles = RoleMap()
    assert is_other_evaluation("eval_code_loss", "eval_loss", roles)
    assert is_other_evaluation("val/test_loss", "val_loss", roles)
    for name in ("eval_loss", "loss", "eval_mae", "eval_accuracy", "eval_perplexity"):
        assert not is_other_evaluation(name, "eval_loss", roles)


def test_the_number_of_sets_followed_is_bounded() -> None:
    rng = np.random.default_rng(4)
    many = {f"eval_{index}_loss": falling(rng) for index in range(MAX_OTHERS + 5)}
    analyzer = judged(run(0, eval_loss=falling(rng), **many))
    assert len(analyzer.others) == MAX_OTHERS


def test_more_sets_raise_the_limit() -> None:
    values = turning(np.random.default_rng(5))
    limits = []
    for sets in (1, 8):
        detector = OverfittingDetector()
        detector.sets = sets
        for index, value in enumerate(values):
            detector.extend(np.array([float(index)]), np.array([value]), np.nan, TrainContext())
        assert detector.evidence is not None
        limits.append(detector.evidence.limit)
    assert limits[1] ** 2 == pytest.approx(limits[0] ** 2 + 2 * np.log(8))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 599), max_size=6))
def test_any_cutting_gives_the_same_findings_for_every_set(seed: int, cuts: list[int]) -> None:
    rng = np.random.default_rng(seed)
    code, chat = turning(rng, 0.1), falling(rng, 0.1)
    chat[rng.random(len(chat)) < 0.1] = np.nan
    batch = run(seed, eval_loss=falling(rng, 0.1), eval_code_loss=code, eval_chat_loss=chat)
    whole, pieces = judged(batch), Analyzer()
    for start, stop in pairwise(sorted({0, len(batch), *cuts})):
        pieces.consume(part(batch, start, stop))
    assert repr(whole.events) == repr(pieces.events)
    assert repr(whole.verdict) == repr(pieces.verdict)
