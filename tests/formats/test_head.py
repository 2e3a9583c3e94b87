"""The first bytes of a file: what the tables of their parts may say, and lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.head import Head, Needles

LINE = "line of a log\n"
TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\x08\x1b\ufeff\ufffe"), max_size=60
)


@settings(max_examples=60, deadline=None)
@given(before=TEXT, needle=TEXT, after=TEXT)
def test_what_a_text_holds_is_found(before: str, needle: str, after: str) -> None:
    text = LINE * 400 + before + needle + after
    head = Head(text.encode())
    assert head.holds(needle) == (needle in head.text)
    assert head.holds("zq§") == ("zq§" in head.text)


@settings(max_examples=60, deadline=None)
@given(before=TEXT, needles=st.lists(TEXT, max_size=6), after=TEXT, many=st.booleans())
@pytest.mark.parametrize("lines", [3, 400])
def test_what_is_ruled_out_for_many_texts_at_once_is_not_there(
    lines: int, before: str, needles: list[str], after: str, many: bool
) -> None:
    head = Head((LINE * lines + before + "".join(needles[:2]) + after).encode())
    asked = [*needles, "a log", "zq§", "log of a line", "\nlog"]
    if many:  # they are there, and are searched for by longer parts therefore
        asked += [(LINE * 2)[at : at + size] for at in range(len(LINE)) for size in (4, 9)]
    head.rule_out(Needles(asked))
    for needle in asked:
        assert head.holds(needle) == (needle in head.text)
    assert "zq§" in head.absent or "zq§" in head.text


def test_a_text_in_bytes_is_the_text() -> None:
    for data in (b"a\xff\x1b[1mb\r", "ä\ufffd".encode(), "ü".encode()[:1], b"\xef\xbb\xbfa\0b"):
        head = Head(data)
        assert head.encoded.decode() == head.text


def test_long_runs_of_line_ends_are_passed_over() -> None:
    head = Head(b"a\n" + b"\x08" * 30_000 + b"b\n   \nc")
    assert head.lines == ("a", "b", "c")
