"""Everything that a report or the screen names has a page, and pages say what the code does."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from lossmon.analysis import ratings
from lossmon.analysis import spike as spike_detector
from lossmon.explain import GROUPS, Page, find, nearest, pages
from lossmon.explain.measured import NOT_MEASURED, sentence
from lossmon.model import EVENT_KINDS, Role, RunState, Shape, Status, Summary
from lossmon.report import data

WORDS = (
    *EVENT_KINDS,
    *get_args(Status),
    *get_args(Shape),
    *get_args(RunState),
    *(role.value for role in Role),
    *data.summary(Summary()),
    "severity",
    "onset",
    "bad_records",
    "segments",
    "trend",
    "R",
    "learned",
    "half-way",
    "eval gap",
)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_a_report_has_a_page(word: str) -> None:
    assert find(word) is not None


@pytest.mark.parametrize("page", pages().values(), ids=lambda page: page.name)
@pytest.mark.parametrize("width", [40, 88])
def test_a_page_is_whole_and_fits(page: Page, width: int) -> None:
    assert page.group in GROUPS
    assert all(name in pages() for name in page.see), page.see
    rows = page.rows(width)
    assert len(rows) > 4
    kept = set(page.text.split("\n"))
    assert all(len(row) <= width or row in kept for row in rows[1:])
    assert "{" not in page.text.replace("{run} {kind} {step}", "")


def test_names_and_other_names_are_of_one_page_each() -> None:
    seen: dict[str, str] = {}
    for page in pages().values():
        for name in (page.name, *page.aliases):
            assert seen.setdefault(name, page.name) == page.name


def test_numbers_are_those_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratings, "STRONG", 0.77)
    monkeypatch.setattr(spike_detector, "LIMIT", 12.5)
    pages.cache_clear()
    try:
        assert "77 %" in pages()["reduction"].text
        assert "12.5 times the noise" in pages()["spike"].text
    finally:
        pages.cache_clear()


def test_the_table_of_losses_is_right() -> None:
    rows = [row.split() for row in pages()["loss"].text.splitlines() if row.startswith("   ")]
    assert len(rows) >= 8
    for loss, percent, _, choices in rows:
        assert float(percent) / 100 == pytest.approx(math.exp(-float(loss)), rel=0.3)
        assert float(choices.replace(",", "")) == pytest.approx(math.exp(float(loss)), rel=0.05)


def test_an_unknown_word_finds_its_neighbours() -> None:
    assert nearest("overfiting")[0] == "overfitting"
    assert "plateau" in nearest("platoe")
    assert nearest("xqzw") == []


def test_error_rates_are_read_or_said_to_be_missing() -> None:
    assert sentence("plateau", {}) == NOT_MEASURED
    text = sentence(
        "plateau",
        {
            "command": "bench",
            "kinds": {
                "plateau": {
                    "healthy_runs": 1000, "false_alarms": 3, "resolvable": 180, "found": 171,
                    "delay": 1.6,
                }
            },
        },
    )  # fmt: skip
    assert "3 of 1,000 healthy runs" in text
    assert "171 of the 180" in text
