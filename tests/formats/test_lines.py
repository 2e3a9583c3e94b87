"""Cutting bytes into lines: the same lines whatever the chunks, bounded memory, nothing lost."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats import lines
from lossmon.formats.lines import LineParser, strip_ansi
from tests.formats.contract import cut


class Collector(LineParser):
    """Keeps the lines it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def line(self, text: str) -> None:
        self.seen.append(text)


def collect(pieces: list[bytes]) -> Collector:
    parser = Collector()
    for piece in pieces:
        parser.feed(piece)
    parser.finish()
    return parser


TEXT = st.lists(
    st.sampled_from(
        [b"a", b"loss 1.5", b"\n", b"\r", b"\r\n", b"\x08", b"\x08\x08\x08", b"\0", b"\xef\xbb\xbf",
         b"\x1b[31m", b"\x1b[0m", b"\x1b]0;title\x07", b"\x1b]0;open", b"\x1b", b"\x1b[A", b"\xff",
         "ü━█".encode(), "ü".encode()[:1], b" ", b"\x1b(B", b"\xff\xfe"]
    ),
    max_size=40,
).map(b"".join)  # fmt: skip


@given(data=TEXT, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_chunks_make_no_difference(data: bytes, cuts: list[int]) -> None:
    whole = collect([data])
    assert collect(cut(data, cuts)).seen == whole.seen
    assert collect([data[i : i + 1] for i in range(len(data))]).seen == whole.seen


@given(data=TEXT)
def test_lines_are_clean(data: bytes) -> None:
    for line in collect([data]).seen:
        assert line
        assert not re.search(r"[\n\r\x08\x00\x1b]", line)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\x08\x08\x08\x08", b"\n\n\r"])
def test_every_kind_of_end(end: bytes) -> None:
    assert collect([b"one" + end + b"two" + end]).seen == ["one", "two"]


def test_last_line_without_end_comes_at_finish_only() -> None:
    parser = Collector()
    parser.feed(b"one\ntw")
    assert parser.seen == ["one"]
    parser.feed(b"o")
    assert parser.seen == ["one"]
    parser.finish()
    assert parser.seen == ["one", "two"]


@pytest.mark.parametrize("bom", [b"\xef\xbb\xbf", b"\xff\xfe"])
def test_byte_order_mark_is_dropped_at_the_start_only(bom: bytes) -> None:
    assert collect([bom + b"step 1\nstep 2\n"]).seen == ["step 1", "step 2"]
    assert collect([bom + b"step 1"]).seen == ["step 1"]
    assert collect([bom[:1], bom[1:] + b"step 1\n"]).seen == ["step 1"]


def test_utf16_of_a_powershell_redirect_reads_as_text() -> None:
    data = "loss: 1.5\r\nloss: 1.4\r\n".encode("utf-16")
    assert collect([data]).seen == ["loss: 1.5", "loss: 1.4"]


def test_holes_of_nul_are_dropped() -> None:
    assert collect([b"one\n" + b"\0" * 5000 + b"two\n"]).seen == ["one", "two"]


def test_redraws_of_a_bar_are_lines() -> None:
    data = b"\r 10%|# | 1/10\r 20%|## | 2/10\x1b[A\r\n{'loss': 1}\n"
    assert collect([data]).seen == [" 10%|# | 1/10", " 20%|## | 2/10", "{'loss': 1}"]


@pytest.mark.parametrize("chunk", [1000, 65536, 10_000_000])
def test_too_long_a_line_is_skipped_and_counted_once(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 3000)
    data = b"a\n" + b"x" * 10_000 + b"\nb\n" + b"y" * 3000 + b"\n" + b"z" * 3001
    parser = collect([data[i : i + chunk] for i in range(0, len(data), chunk)])
    assert parser.seen == ["a", "b", "y" * 3000]
    assert parser.bad_records == 2


def test_an_endless_line_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 3000)
    parser = Collector()
    for _ in range(50):
        parser.feed(b"x" * 1000)
        assert len(parser._partial) <= 3000
    parser.feed(b"\nafter\n")
    assert parser.seen == ["after"]
    assert parser.bad_records == 1


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\x1b[1;32mgreen\x1b[0m", "green"),
        ("\x1b[38;2;1;2;3mx\x1b[m", "x"),
        ("\x1b]8;;https://x\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x1b(Btext\x1b)0", "text"),
        ("\x1b[?25lhidden\x1b[?25h", "hidden"),
        ("\x1bMup", "up"),
        ("torn\x1b", "torn"),
        ("torn\x1b[", "torn"),
        ("torn\x1b]0;never ended", "torn"),
        ("no escape", "no escape"),
    ],
)
def test_escape_sequences(raw: str, text: str) -> None:
    assert strip_ansi(raw) == text


def test_an_open_sequence_ends_with_its_line() -> None:
    assert collect([b"\x1b]0;open\nloss 1\n\x07"]).seen == ["loss 1", "\x07"]


def test_hostile_sequences_take_linear_time() -> None:
    # Quadratic time would be hours here, so that finishing at all is the assertion.
    start = time.process_time()
    for hostile in ("\x1b[" + "0;" * 200_000, "\x1b]" * 200_000, "\x1b" * 300_000):
        strip_ansi(hostile)
    assert time.process_time() - start < 60
