"""Samples against what the training program recorded of itself (`recorded.json`).

The programs of the runs in tests/data kept the numbers that they handed to their
framework's logger; `digits` says how many decimals the framework prints, `significant`
how many digits at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats.console_samples import read_sample

RECORDED: dict[str, dict[str, dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "recorded.json").read_text()
)
CASES = [(sample, series) for sample, found in RECORDED.items() for series in found]


@pytest.mark.parametrize(("sample", "series"), CASES)
def test_points_are_those_of_the_program(sample: str, series: str) -> None:
    name, _, filename = sample.partition("/")
    truth = RECORDED[sample][series]
    run, _ = read_sample(name, filename)
    view = run.view(series)
    assert view.steps.tolist() == truth["steps"]
    # Half a unit of the last digit printed, and float32 beside float64 in the rounding.
    wanted = np.array(truth["values"])
    if "significant" in truth:
        unit = 10.0 ** (np.floor(np.log10(np.abs(wanted))) + 1 - truth["significant"])
    else:
        unit = np.full(len(wanted), 10.0 ** -float(truth["digits"]))
    assert (np.abs(view.values - wanted) <= 0.5 * unit + 1e-6 * np.abs(wanted) + 1e-12).all()
