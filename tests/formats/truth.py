"""Comparing what was read with what the training program itself recorded.

A console prints 3 to 6 digits, so a value counts as equal when some rounding
of the recorded one gives exactly the value that was read.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lossmon.model import SeriesView

NATIVE = Path(__file__).resolve().parents[3] / "shared" / "native"
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


def number(value: Any) -> float | None:
    """Return a number of meta.json as float (`"NaN"`, `"Infinity"` are numbers there)."""
    if value is None:
        return None
    return float(value)


def same_value(read: float, recorded: float) -> bool:
    """Say whether `read` is `recorded` to the digits that were printed (two at least)."""
    if math.isnan(recorded) or math.isnan(read):
        return math.isnan(recorded) and math.isnan(read)
    if read == recorded or math.isclose(read, recorded, rel_tol=2e-7):
        return True
    if math.isinf(recorded) or math.isinf(read):
        return False
    if any(float(f"{recorded:.{digits}g}") == read for digits in range(2, 16)):
        return True
    return any(round(recorded, places) == read for places in range(2, 12))


@dataclass(frozen=True)
class Truth:
    """What a run's own program recorded: `expected` of meta.json and the points of truth.json."""

    expected: dict[str, Any]
    train: list[tuple[float, float]]
    eval: list[tuple[float, float]]
    meta: dict[str, Any]


def load_truth(run: Path) -> Truth:
    """Load a run's meta.json and truth.json."""
    meta = json.loads((run / "meta.json").read_text())
    recorded = json.loads((run / "truth.json").read_text())
    return Truth(
        meta["expected"],
        [(float(row[0]), float(row[1])) for row in recorded.get("train", [])],
        [(float(row[0]), float(row[1])) for row in recorded.get("eval", [])],
        meta,
    )


def differences(
    expected: dict[str, Any], train: SeriesView | None, evaluation: SeriesView | None
) -> list[str]:
    """Return what differs from `expected`, one short phrase each (empty: all is equal)."""
    found = []
    for label, series, prefix in (("train", train, "train"), ("eval", evaluation, "eval")):
        wanted = expected.get(f"{prefix}_points")
        count = 0 if series is None else len(series)
        if wanted is not None and wanted != count:
            found.append(f"{label} points {count} not {wanted}")
        if series is None or not count:
            continue
        final = number(expected.get(f"final_{prefix}_loss"))
        if final is not None and not same_value(float(series.values[-1]), final):
            found.append(f"final {label} {series.values[-1]:.6g} not {final:.6g}")
    if train is not None and len(train):
        if expected.get("first_step") not in (None, train.steps[0]):
            found.append(f"first step {train.steps[0]:g} not {expected['first_step']}")
        # Recorded is the last step of the run, which an evaluation may have to itself.
        lasts = [series.steps[-1] for series in (train, evaluation) if series is not None]
        if expected.get("last_step") not in (None, *lasts):
            found.append(f"last step {max(lasts):g} not {expected['last_step']}")
    best = number(expected.get("best_eval_loss"))
    if best is not None and evaluation is not None and len(evaluation):
        read_best = evaluation.extreme(largest=False)
        if read_best is None:
            found.append("no best eval")
        else:
            if not same_value(read_best.value, best):
                found.append(f"best eval {read_best.value:.6g} not {best:.6g}")
            step = expected.get("best_eval_step")
            if step is not None and read_best.step != step:
                found.append(f"best eval step {read_best.step:g} not {step}")
    return found
