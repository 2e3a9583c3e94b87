"""The callbacks' common part, without a framework."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lossmon.integrations.watcher import Watcher


def test_a_nan_stops_the_training_and_is_told_once() -> None:
    watcher = Watcher()
    for step in range(1, 60):
        assert watcher.update({"loss": 2 + math.exp(-step / 10), "note": "x"}, step) == []
        assert not watcher.stops
    told = [event for step in (60, 61, 62) for event in watcher.update({"loss": math.nan}, step)]
    assert [event.kind for event in told] == ["nonfinite"]
    assert watcher.stops


def test_numbers_of_numpy_are_numbers_and_flags_are_none() -> None:
    watcher = Watcher(stop_on=["overfitting"])
    for step in range(40):
        watcher.update({"loss": np.float32(3 - step / 40), "flag": True}, step, step / 10)
    assert watcher.verdict.evidence["points"] == 40
    assert not watcher.stops


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="boredom"):
        Watcher(stop_on=["boredom"])
