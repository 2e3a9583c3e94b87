"""Cells of a text: what rich says, without asking it where there is no doubt."""

from __future__ import annotations

import rich.cells
from hypothesis import given
from hypothesis import strategies as st

from lossmon.charts.cells import cell_len, set_cell_size

TEXTS = st.text() | st.text(st.characters(max_codepoint=127)) | st.text("a│⣿宽é́\x07\t")


@given(text=TEXTS, cells=st.integers(0, 40))
def test_as_rich_has_it(text: str, cells: int) -> None:
    assert cell_len(text) == rich.cells.cell_len(text)
    assert set_cell_size(text, cells) == rich.cells.set_cell_size(text, cells)
