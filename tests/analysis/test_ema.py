"""The moving average goes on where it was left, whatever lies between."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossmon.analysis.ema import continued_ema, debiased_ema

VALUES = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from([np.nan, np.inf, -np.inf])),
    min_size=1,
    max_size=80,
)


@given(VALUES, st.sampled_from([0.0, 0.3, 0.9, 0.999]), st.data())
def test_in_pieces_it_is_the_same(values: list[float], beta: float, data: st.DataObject) -> None:
    whole = np.array(values)
    expected = debiased_ema(whole, beta)
    cut = data.draw(st.integers(0, len(values)))
    first = continued_ema(whole[:cut], beta)
    average = float(first[-1]) if cut else np.nan
    seen = int(np.isfinite(whole[:cut]).sum())
    rest = continued_ema(whole[cut:], beta, average, seen)
    finite = np.abs(whole[np.isfinite(whole)])
    scale = float(finite.max()) if len(finite) else 1.0
    np.testing.assert_allclose(
        np.concatenate((first, rest)), expected, rtol=1e-9, atol=1e-9 * max(scale, 1e-9)
    )
