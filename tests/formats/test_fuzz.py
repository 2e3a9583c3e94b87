"""A few seconds of the fuzz run over all parsers (`python -m benchmarks.fuzz` is the long one)."""

from __future__ import annotations

from benchmarks import fuzz

INPUTS = 1500


def test_no_damaged_input_raises() -> None:
    result = fuzz.run(range(INPUTS), seed=1)
    assert result.inputs == INPUTS
    assert result.rows > INPUTS  # else the damage left nothing to read
    # How long inputs take is told by the long run, where nothing else is asked.
    assert [failure for failure in result.failures if not failure.endswith("s of CPU")] == []
