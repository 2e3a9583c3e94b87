"""Pictures of the demo's real runs, as text: a change of the drawing has to be looked at.

`python -m tests.charts.test_golden` draws them anew.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from lossmon.charts import (
    Glyphs,
    Palette,
    Viewport,
    XAxis,
    compare_lines,
    draw,
    run_lines,
)
from lossmon.charts.text import text_chart
from lossmon.model import Event, Run, RunView
from lossmon.model.batch import BatchBuilder
from tests.charts.runs import DEMO, trainer_state, view_of

GOLDEN = Path(__file__).parent / "golden"
VIEW = Viewport(80, 24, palette=Palette.NONE, timezone=UTC)


def overfitting() -> RunView:
    run, builder = Run("overfitting", "", ""), BatchBuilder()
    with (DEMO / "overfitting-small-set" / "metrics.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            names = ("train_loss", "val_loss")
            values = {name: float(row[name]) for name in names if row[name]}
            builder.add(values, float(row["step"]), float(row["epoch"]))
    run.append(builder.take())
    event = Event("overfitting", "warning", 300, 150, None, "for the picture")
    return view_of(run, (event,))


def nan() -> RunView:
    run, builder = Run("nan", "", ""), BatchBuilder()
    for text in (DEMO / "nan" / "metrics.jsonl").read_text().splitlines():
        row = json.loads(text)
        step = row.pop("step", None)
        numbers = {k: float(v) for k, v in row.items() if isinstance(v, (int, float))}
        if step is not None:
            builder.add(numbers, step)
    run.append(builder.take())
    return view_of(run)


def picture(view: RunView, **more: object) -> str:
    shown = replace(VIEW, title=view.name, **more)  # type: ignore[arg-type]
    lines, marks = run_lines(view, x_axis=shown.x_axis)
    return draw(lines, marks, (), shown).text


def seeds() -> str:
    views = [
        view_of(trainer_state(DEMO / f"seed-{n}" / "trainer_state.json"), id=str(n))
        for n in (1, 2, 3)
    ]
    views = [replace(view, name=f"seed-{n}") for n, view in enumerate(views, 1)]
    return draw(compare_lines(views), (), (), replace(VIEW, width=100, log_y=True)).text


PICTURES: dict[str, Callable[[], str]] = {
    "overfitting": lambda: picture(overfitting()),
    "overfitting-epoch-60x16": lambda: picture(
        overfitting(), width=60, height=16, x_axis=XAxis.EPOCH
    ),
    "overfitting-20x5": lambda: picture(overfitting(), width=20, height=5),
    "overfitting-ascii": lambda: picture(overfitting(), glyphs=Glyphs.ASCII, cursor_x=200.0),
    "nan": lambda: picture(nan(), width=100, height=20),
    "nan-text": lambda: text_chart(nan(), 80, 18),
    "seeds-log": seeds,
}


@pytest.mark.skipif(not DEMO.is_dir(), reason="the demo's logs are not in this package")
@pytest.mark.parametrize("name", PICTURES)
def test_picture(name):
    assert PICTURES[name]() == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


if __name__ == "__main__":
    for name, make in PICTURES.items():
        (GOLDEN / f"{name}.txt").write_text(make() + "\n", encoding="utf-8")
