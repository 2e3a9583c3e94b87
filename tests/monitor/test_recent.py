"""The end of a log is shown as a terminal would, and nothing in it reaches one raw."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lossmon.monitor.recent import KEPT, kept, lines


def test_the_last_drawing_of_a_bar_stands() -> None:
    assert lines(b" 1%|#  | 1/9\r 2%|## | 2/9\r\nloss 1.5\r\n\x1b[32mdone\x1b[0m\n") == (
        " 2%|## | 2/9",
        "loss 1.5",
        "done",
    )


def test_a_line_whose_beginning_is_gone_is_left_out() -> None:
    recent = kept(b"", b"x" * 100 + b"\nloss 1\n" + b"y" * (KEPT - 20) + b"\nloss 2\n")
    assert lines(recent)[-1] == "loss 2"
    assert not any(line.startswith("x") for line in lines(recent))


@given(st.lists(st.binary(max_size=200), max_size=50))
def test_any_chunks_keep_the_same_end(chunks: list[bytes]) -> None:
    recent = b""
    for chunk in chunks:
        recent = kept(recent, chunk)
    assert recent == b"".join(chunks)[-KEPT:]


@given(st.binary(max_size=2000))
def test_nothing_raw_is_left(data: bytes) -> None:
    assert not any(ord(char) < 32 or char == "\x7f" for line in lines(data) for char in line)
