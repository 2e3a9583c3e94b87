"""Rows: widths hold for any text, and changed stretches are enough to get from old to new."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lossmon.charts.spec import Row, Span, row_text
from lossmon.model import clean_text
from lossmon.tui.rows import changed, fit, fit_middle, plain, row, width_of, wrap

texts = st.text(max_size=60).map(clean_text)
styles = st.sampled_from(["", "bold", "#ff0000", "dim"])


@given(texts, st.integers(1, 50))
def test_fit_gives_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit_middle(text, width)) == width


@given(st.lists(st.builds(Span, texts, styles), max_size=5), st.integers(1, 80))
def test_a_row_has_exactly_its_width(spans: list[Span], width: int) -> None:
    assert width_of(*row(width, *spans)) == width


@given(st.text(max_size=200).map(clean_text), st.integers(1, 40))
def test_wrap_keeps_every_word_and_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= max(width, 2) for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wrap_says_where_it_was_cut() -> None:
    assert wrap("one two three four", 9, 1) == ["one two…"]


def cells(item: Row) -> list[tuple[str, str]]:
    return [(char, span.style) for span in item for char in span.text]


narrow = st.text(alphabet="ab ⣿█●", max_size=12)


@given(
    st.lists(st.builds(Span, narrow, styles), max_size=6),
    st.lists(st.builds(Span, narrow, styles), max_size=6),
)
def test_sending_the_changed_stretches_makes_the_new_row(a: list[Span], b: list[Span]) -> None:
    old, new = row(40, *a), row(40, *b)
    screen, wanted = cells(old), cells(new)
    for begin, end in changed(old, new):
        assert begin < end
        screen[begin:end] = wanted[begin:end]
    assert screen == wanted


def test_nothing_changed_is_nothing_to_send() -> None:
    assert changed(row(20, "loss 1.21"), row(20, "loss", " 1.21")) == []


def test_one_digit_is_one_cell() -> None:
    assert changed(row(20, "loss 1.21"), row(20, "loss 1.22")) == [(8, 9)]


def test_a_row_with_wide_characters_is_sent_whole() -> None:
    assert changed(row(20, "損失 1.21"), row(20, "損失 1.22")) == [(0, 20)]


@given(texts)
def test_plain_is_ascii(text: str) -> None:
    assert plain(text).isascii()


def test_text_of_a_row() -> None:
    assert row_text(row(6, "ab", Span("c", "bold"))) == "abc   "


@given(texts, st.integers(2, 40), st.integers(1, 3))
def test_a_cut_text_has_one_ellipsis_and_the_width(text: str, width: int, limit: int) -> None:
    lines = wrap(text.replace("…", "."), width, limit)
    assert len(lines) <= limit
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).count("…") <= 1
