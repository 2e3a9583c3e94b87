"""Runs made of arrays, and logs of real ones, for the tests of charts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lossmon.model import Batch, Column, Event, RoleMap, Run, RunView, Summary, choose_judged
from lossmon.model.batch import BatchBuilder

DEMO = Path(__file__).parents[2] / "demo_logs"
Array = npt.NDArray[np.float64]


def run_of(
    steps: Array, epochs: Array | None = None, times: Array | None = None, **series: Array
) -> Run:
    """Return a run of dense series."""
    run = Run("demo", "demo.jsonl", "test")
    columns = tuple(Column(name, np.asarray(values, float)) for name, values in series.items())
    run.append(Batch(np.asarray(steps, float), columns, epochs, times))
    return run


def view_of(run: Run, events: tuple[Event, ...] = (), id: str = "run") -> RunView:
    """Return a run's view with its judged series and best evaluation."""
    train, evaluation = choose_judged({n: len(s) for n, s in run.series.items()}, RoleMap())
    best = run.view(evaluation).extreme(largest=False) if evaluation else None
    return RunView(
        id=id,
        name=run.name,
        source=run.source,
        format=run.format,
        state="live",
        error=None,
        version=1,
        series=tuple(run.view(name) for name in run.series),
        summary=Summary(train=train, eval=evaluation, best_eval=best),
        events=events,
    )


def trainer_state(path: Path) -> Run:
    """Return the run of a Hugging Face ``trainer_state.json``."""
    run = Run(path.parent.name, str(path), "test")
    builder = BatchBuilder()
    for row in json.loads(path.read_text())["log_history"]:
        values = {key: float(row[key]) for key in ("loss", "eval_loss") if key in row}
        builder.add(values, row["step"], row.get("epoch"))
    run.append(builder.take())
    return run
