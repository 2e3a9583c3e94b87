"""Numbers between commas: every decoder gives the same float64, and refuses the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats import _floats
from lossmon.formats._floats import between_commas

WAYS = ("unboxed", "boxed", "strict")
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SPELLED = (
    FINITE.map(json.dumps)
    | st.integers(-(2**70), 2**70).map(str)
    | FINITE.map("{:.6e}".format)
    | st.floats(-1e6, 1e6).map("{:.5f}".format)
    | st.sampled_from(("0", "-0.0", "1E5", "5e-324", "1e-400", " 1.5 ", "0.1e+1"))
)


def between(text: bytes, way: str) -> list[float]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_floats, "_MANY", 1 << 30 if way == "strict" else 0)
        if way == "boxed":
            patch.setattr(_floats, "_simdjson", lambda: None)
        values = between_commas(text)
    assert values.dtype == np.float64
    assert values.flags.writeable
    return values.tolist()


@pytest.mark.parametrize("way", WAYS)
@given(cells=st.lists(SPELLED, min_size=1, max_size=40))
def test_each_number_is_the_nearest_float(way: str, cells: list[str]) -> None:
    assert between(",".join(cells).encode(), way) == [float(cell) for cell in cells]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "text",
    [
        b"1,", b",1", b"1,,2", b"1 2", b"01", b"+1", b".5", b"1.", b"1e", b"nan", b"NaN", b"inf",
        b"true", b"1,null", b'"1"', b"[2]", b"1],[2", b"{}", b"1,x", b"1\xff", b"1e400", b"0x10",
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(way: str, text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each decoder has words of its own
        between(text, way)


def test_the_quick_way_is_taken_where_it_is_installed() -> None:
    pytest.importorskip("simdjson")
    found = _floats._unboxed(b"[1,2.5,-3e-04]")
    assert found is not None
    assert found.tolist() == [1, 2.5, -3e-4]


def test_a_parser_in_use_is_done_without() -> None:
    """Its array in another thread, between decoding and copying, holds the parser."""
    pytest.importorskip("simdjson")
    text = b",".join([b"1.25"] * 5000)
    held = _floats._simdjson().parse(b"[1]")
    assert _floats._unboxed(b"[%b]" % text) is None
    assert between_commas(text).tolist() == [1.25] * 5000
    del held
    assert _floats._unboxed(b"[%b]" % text) is not None
