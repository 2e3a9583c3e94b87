"""Reading the console samples in tests/data in the tests of the console formats."""

from __future__ import annotations

import numpy as np

from lossmon.formats import registry
from lossmon.formats.base import Context, Parser
from lossmon.model import Run
from tests.formats import contract


def read_text(name: str, text: str | bytes, filename: str = "train.log") -> tuple[Run, Parser]:
    """Read text with the format of that name."""
    fmt = registry.get(name)
    parser = contract.new_parser(fmt, Context(filename))
    run = Run(filename, filename, name)
    run.append(parser.feed(text.encode() if isinstance(text, str) else text))
    run.append(parser.finish())
    return run, parser


def read_sample(name: str, filename: str) -> tuple[Run, Parser]:
    """Read a sample with its format."""
    return read_text(name, (contract.DATA / name / filename).read_bytes(), filename)


def points(run: Run, name: str) -> list[tuple[float, float]]:
    """Return the points of a series as (step, value), with infinity for NaN to compare equal."""
    view = run.view(name)
    values = np.where(np.isnan(view.values), np.inf, view.values)
    return list(zip(view.steps.tolist(), values.tolist(), strict=True))


def claim(text: str, filename: str = "train.log") -> str | None:
    """Return the name of the surest format of a text, None if there is none."""
    claims = registry.recognise(text.encode(), filename)
    return claims[0][1].name if claims else None
