"""The report as plain data: dictionaries and lists, ready for JSON.

Keys and their meaning are a promise (`lossmon.report/1`): keys may be added,
never changed. There is no NaN or Infinity literal: non-finite values are the
strings `"nan"`, `"inf"`, `"-inf"`. Steps that are whole numbers are integers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lossmon.model import Event, Forecast, Point, RunView, SeriesView, Summary, Verdict

SCHEMA: Final = "lossmon.report/1"

Json = dict[str, Any]


def number(value: float | None) -> float | int | str | None:
    """Return a value as JSON can hold it: non-finite ones become strings."""
    if value is None or math.isfinite(value):
        return None if value is None else float(value)
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"


def step_number(step: float | None) -> float | int | str | None:
    """Return a step: an integer where it is whole."""
    if step is not None and math.isfinite(step) and step == int(step):
        return int(step)
    return number(step)


def point(found: Point | None) -> Json | None:
    """Return a point as data."""
    if found is None:
        return None
    return {
        "step": step_number(found.step),
        "epoch": number(found.epoch),
        "value": number(found.value),
    }


def series(view: SeriesView) -> Json:
    """Return what the report says of one series."""
    filled = len(view) > 0
    return {
        "name": view.name,
        "role": str(view.role),
        "points": len(view),
        "nonfinite": view.nonfinite,
        "segments": view.segments,
        "first": point(view.point(0)) if filled else None,
        "last": point(view.point(-1)) if filled else None,
        "min": point(view.extreme(largest=False)),
        "max": point(view.extreme(largest=True)),
    }


def summary(found: Summary) -> Json:
    """Return the numbers of a run."""
    return {
        "train": found.train,
        "eval": found.eval,
        "steps": step_number(found.steps),
        "epochs": number(found.epochs),
        "reduction": number(found.reduction),
        "reduction_rating": found.reduction_rating,
        "smoothed": number(found.smoothed),
        "slope_per_1000_steps": number(found.slope_per_1000_steps),
        "slope_error_per_1000_steps": number(found.slope_error_per_1000_steps),
        "noise": number(found.noise),
        "noise_rating": found.noise_rating,
        "gap": number(found.gap),
        "gap_rating": found.gap_rating,
        "best_eval": point(found.best_eval),
        "best_checkpoint": found.best_checkpoint,
        "probability": number(found.probability),
        "perplexity": number(found.perplexity),
        "half_way_step": step_number(found.half_way_step),
        "notes": list(found.notes),
    }


def evidence(found: Mapping[str, float | str]) -> Json:
    """Return evidence with its numbers made safe."""
    return {key: value if isinstance(value, str) else number(value) for key, value in found.items()}


def verdict(found: Verdict) -> Json:
    """Return what holds now."""
    return {
        "status": found.status,
        "shape": found.shape,
        "headline": found.headline,
        "advice": list(found.advice),
        "evidence": evidence(found.evidence),
    }


def forecast(found: Forecast | None) -> Json | None:
    """Return where the loss is expected at the end, as data; None where nothing can be said."""
    if found is None:
        return None
    return {
        "series": found.series,
        "step": step_number(float(found.steps[-1])),
        "mean": number(float(found.mean[-1])),
        "low": number(float(found.low[-1])),
        "high": number(float(found.high[-1])),
        "coverage": found.coverage,
    }


def event(found: Event) -> Json:
    """Return one event."""
    return {
        "kind": found.kind,
        "severity": found.severity,
        "step": step_number(found.step),
        "onset_step": step_number(found.onset_step),
        "cleared_step": step_number(found.cleared_step),
        "message": found.message,
        "series": found.series,
        "time": number(found.time),
        "evidence": evidence(found.evidence),
    }


def run(view: RunView) -> Json:
    """Return everything the report says of one run."""
    return {
        "name": view.name,
        "source": view.source,
        "format": view.format,
        "state": view.state,
        "error": view.error,
        "bad_records": view.bad_records,
        "skipped_lines": view.left_out.long_lines,
        "refused_values": view.left_out.refused,
        "steps_estimated": view.steps_estimated,
        "total_steps": step_number(view.total_steps),
        "total_epochs": number(view.total_epochs),
        "facts": dict(view.facts),
        "series": [series(found) for found in view.series],
        "summary": summary(view.summary),
        "verdict": verdict(view.verdict),
        "forecast": forecast(view.forecast),
        "events": [event(found) for found in view.events],
    }


def report(runs: Iterable[RunView]) -> Json:
    """Return the whole report."""
    return {"schema": SCHEMA, "runs": [run(view) for view in runs]}
