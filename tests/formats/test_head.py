"""The first bytes of a file: what the table of trigrams may say, and lines."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.head import Head, Needles

TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\x08\x1b\ufeff\ufffe"), max_size=60
)


@settings(max_examples=60, deadline=None)
@given(before=TEXT, needle=TEXT, after=TEXT)
def test_what_a_text_holds_is_found(before: str, needle: str, after: str) -> None:
    text = "line of a log\n" * 400 + before + needle + after
    head = Head(text.encode())
    assert head.holds(needle) == (needle in head.text)
    assert head.holds("zq§") == ("zq§" in head.text)


@settings(max_examples=60, deadline=None)
@given(before=TEXT, needles=st.lists(TEXT, max_size=6), after=TEXT)
def test_what_is_ruled_out_for_many_texts_at_once_is_not_there(
    before: str, needles: list[str], after: str
) -> None:
    head = Head(("line of a log\n" * 400 + before + "".join(needles[:2]) + after).encode())
    head.rule_out(Needles([*needles, "a log", "zq§"]))
    for needle in (*needles, "a log", "zq§"):
        assert head.holds(needle) == (needle in head.text)


def test_long_runs_of_line_ends_are_passed_over() -> None:
    head = Head(b"a\n" + b"\x08" * 30_000 + b"b\n   \nc")
    assert head.lines == ("a", "b", "c")
