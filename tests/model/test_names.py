"""Nothing that a log names can move the cursor, hide text or fill the memory."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.model import MAX_NAME, clean_name, clean_text


@given(st.text())
def test_no_unsafe_character_is_left(text: str) -> None:
    for cleaned in (clean_name(text), clean_text(text)):
        assert not any(
            unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in cleaned
        )
        assert cleaned == clean_text(cleaned)


@pytest.mark.parametrize(
    "name",
    ["\x1b]52;c;ZXZpbA==\x07", "\x1b[2J", "a\rb", "loss\u202egnp", "l\u200boss", "x\x00", "\x9b1m"],
)
def test_what_a_terminal_would_obey_is_gone(name: str) -> None:
    assert not any(ord(char) < 32 or char in "\u202e\u200b\x9b" for char in clean_name(name))


def test_a_name_of_a_megabyte_is_cut() -> None:
    assert len(clean_name("x" * 1_000_000)) == MAX_NAME


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("loss", "train/loss", "valid_1's multi_logloss", "été", "损失", "[red]"):
        assert clean_name(name) == name
