"""What explains a shape is named, and only what was seen."""

from __future__ import annotations

import numpy as np

from lossmon.analysis.analyzer import Analyzer
from lossmon.model import Batch, Column

N = 600
STEPS = np.arange(float(N))


def judged(values: np.ndarray, rates: np.ndarray | None = None) -> Analyzer:
    columns = [Column("loss", values + 0.01 * np.random.default_rng(1).standard_normal(N))]
    if rates is not None:
        columns.append(Column("learning_rate", rates))
    analyzer = Analyzer()
    analyzer.consume(Batch(STEPS, tuple(columns)))
    return analyzer


def causes(analyzer: Analyzer) -> str:
    return str(analyzer.verdict.evidence.get("benign_causes", ""))


def test_a_plain_run_has_none() -> None:
    assert causes(judged(3 * (1 + STEPS / 20) ** -0.4)) == ""


def test_warm_up_is_named_and_its_bump_is_no_alarm() -> None:
    values = 3 * (1 + STEPS / 100) ** -0.4 + np.sin(np.pi * np.clip(STEPS / 60, 0, 1))
    analyzer = judged(values, np.clip((STEPS + 1) / 30, 0, 1) * 1e-3)
    assert "warmed up until about step 29" in causes(analyzer)
    assert not [e for e in analyzer.events if e.kind in ("divergence", "spike")]


def test_a_restart_of_the_rate_is_named_and_its_bump_is_no_alarm() -> None:
    after = np.clip(STEPS - 300, 0, None)
    values = 3 * (1 + STEPS / 20) ** -0.4 + 0.4 * (STEPS > 300) * np.exp(-after / 20)
    analyzer = judged(values, np.where(STEPS > 300, 2e-3, 1e-3))
    assert "jumped up at about step 30" in causes(analyzer)
    assert not [e for e in analyzer.events if e.kind in ("divergence", "spike")]
    assert [e.severity for e in analyzer.events if e.kind == "restart"] == ["info"]


def test_stairs_without_an_epoch_column_are_named_and_are_no_plateau() -> None:
    values = 3 - 0.5 * np.floor(STEPS / 150) - 2e-4 * STEPS
    analyzer = judged(values)
    assert "sudden drops" in causes(analyzer)
    assert not [e for e in analyzer.events if e.kind == "plateau"]


def test_a_resume_is_named() -> None:
    analyzer = Analyzer()
    analyzer.update_many(np.arange(200), 3 * (1 + np.arange(200) / 20) ** -0.4)
    analyzer.update_many(np.arange(150, 300), 3 * (1 + np.arange(150, 300) / 20) ** -0.4)
    assert "the step went back 1 time" in causes(analyzer)
