"""Lines of scripts that nobody foresaw: the right losses, at the right steps, with the right role.

The cases stand in `unforeseen.py`. Each log is read as it is, and as people
keep them: behind time stamps, coloured, with carriage returns, cut in front.
"""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.formats.base import HEAD_BYTES, Context
from lossmon.formats.registry import recognise
from lossmon.model import Run, SeriesView, choose_judged
from lossmon.model.roles import RoleMap
from tests.formats.reading import parse
from tests.formats.truth import same_value
from tests.formats.unforeseen import CASES as FIRST_CASES
from tests.formats.unforeseen import Case, log_of, rows
from tests.formats.unforeseen_loops import LOOPS
from tests.formats.unforeseen_public import PUBLIC
from tests.formats.unforeseen_tools import TOOLS
from tests.formats.unforeseen_trainers import TRAINERS

CASES = [*FIRST_CASES, *LOOPS, *TRAINERS, *PUBLIC, *TOOLS]


def read(text: str, name: str = "train.log") -> Run:
    """Read a log with the format that is sure of it; an empty run where none is."""
    data = text.encode()
    claims = recognise(data[:HEAD_BYTES], name)
    run = Run(name, name, claims[0][1].name if claims else "-")
    if claims:
        batch, parser = parse(claims[0][1], data, Context(name))
        run.append(batch)
        run.info = parser.info
    return run


def judged(run: Run) -> tuple[SeriesView | None, SeriesView | None]:
    sizes = {name: len(series) for name, series in run.series.items()}
    train, evaluation = choose_judged(sizes, RoleMap())
    return (
        None if train is None else run.view(train),
        None if evaluation is None else run.view(evaluation),
    )


def differs(view: SeriesView | None, wanted: str, name: str) -> str:
    """Return what is wrong with a series, nothing if all is right."""
    if not wanted:
        return "" if view is None else f"{view.name} was read"
    kind, axis, *other = wanted.split(":")
    expected = list(rows(kind))
    if view is None:
        return f"no series for {wanted}"
    if len(view) != len(expected):
        return f"{view.name}: {len(view)} points, not {len(expected)}"
    field = other[0] if other else name
    for value, row in zip(view.values.tolist(), expected, strict=True):
        if not (same_value(value, row[field]) or abs(value - row[field]) < 0.0501):
            return f"{view.name}: {value} not {row[field]}"
    if axis == "rising":
        return "" if (np.diff(view.steps) > 0).all() else f"steps {view.steps[:12].tolist()}"
    steps = [row[axis] for row in expected]
    return (
        "" if view.steps.tolist() == steps else f"steps {view.steps[:8].tolist()} not {steps[:8]}"
    )


def wrong(case: Case, text: str) -> list[str]:
    """Return what is wrong with a reading of a case's log."""
    run = read(text)
    train, evaluation = judged(run)
    found = [
        differs(train, case.train, "loss" if case.train.startswith("step") else "mean"),
        differs(evaluation, case.eval, "val"),
    ]
    return [f"{run.format}: {one}" for one in found if one]


BEFORE = (
    "2024-03-05 10:11:{:02d},345 - __main__ - INFO - ",
    "2024-03-05T10:11:{:02d}.345678Z ",
    "[2024-03-05 10:11:{:02d}] ",
    "2024-03-05 10:11:{:02d}.123 | INFO     | __main__:train:88 - ",
    "10:11:{:02d} INFO ",
    "I0305 10:11:{:02d}.345678 139 train.py:88] ",
    "[rank0]: ",
    "(TrainTask pid=1234, ip=10.0.0.7) ",
    "trainer-1  | ",
    "2024-03-05T10:11:{:02d}.345678901Z stdout F ",
    "Mar 05 10:11:{:02d} ",
    "INFO:root:",
    "\x1b[32m",
    "    ",
)
"""What loggers, launchers, containers and terminals put before a line."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    assert not wrong(case, log_of(case))


@pytest.mark.parametrize(("number", "case"), enumerate(CASES), ids=lambda case: str(case)[:20])
def test_case_behind_what_loggers_put_first(number: int, case: Case) -> None:
    if case.name in ("csv-in-log", "timm-summary"):
        pytest.skip("a table's rows are told by where they stand in the line")
    before = BEFORE[number % len(BEFORE)]
    lines = log_of(case).split("\n")
    text = "\n".join(before.format(n % 60) + line for n, line in enumerate(lines) if line)
    assert not wrong(case, text + "\n")


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.name)
def test_case_among_settings_and_sums(case: Case) -> None:
    before = (
        "Namespace(batch_size=32, epochs=6, lr=0.0003, loss='ce', seed=0)\n"
        "model has 1,234,567 parameters, loss weight 0.5\n"
    )
    after = "Training finished in 123.4 s. Best loss: 0.31 at epoch 5\nTest accuracy: 0.91\n"
    assert not wrong(case, before + log_of(case).replace("\n", "\r\n") + after)


def cases(*names: str) -> list[Case]:
    return [case for case in CASES if case.name in names]


@pytest.mark.parametrize(
    "case",
    cases("two-lines", "splits-on-lines", "underline", "ppl", "nnunet-v1", "dgl", "swin", "dcgan"),
    ids=lambda case: case.name,
)
def test_a_log_whose_head_is_gone(case: Case) -> None:
    lines = log_of(case).split("\n")
    whole, _ = judged(read("\n".join(lines)))
    rest, _ = judged(read("\n".join(lines[len(lines) // 3 :])))
    assert whole is not None
    assert rest is not None
    assert len(rest) >= 2 * len(whole) // 3
    assert rest.values.tolist() == whole.values[-len(rest) :].tolist()
    assert rest.steps.tolist() == whole.steps[-len(rest) :].tolist()


@pytest.mark.parametrize(
    "case",
    cases(
        "keras-like", "quickstart", "icefall", "deepspeech", "keras-functions", "percent", "swin"
    ),
    ids=lambda case: case.name,
)
def test_two_runs_after_each_other_in_one_log(case: Case) -> None:
    text = log_of(case)
    once, _ = judged(read(text))
    twice, _ = judged(read(text + text))
    assert once is not None
    assert twice is not None
    assert twice.steps.tolist() == 2 * once.steps.tolist()
    assert twice.segments == 2
