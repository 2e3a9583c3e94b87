"""Everything that a report or the screen names has a page, and pages say what the code does."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from lossmon import explain
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


WRITTEN = {
    # Facts of the world and of arithmetic, examples, and the numbers of a list: none is a
    # threshold of the code.
    "basics.py": [
        "has loss 0;", "50,257 tokens of GPT-2", "ln 50,257", "often between 1 and 3", "Loss 1.0",
        "loss 2.0 to 1.0", "perplexity 20", "20 sides", "success with 10 %", "1. Did", "2. Has",
        "3. Does", "4. Is", "between 0 and", "(1 − β)x", "1 − βⁿ", "usual one is 0.6",
    ],
    "events.py": [
        "looks and 1/", "norm of 1 is usual", "ln(1 + m)", "since step 1,200", "Adam (0.95)",
        "(−100)", "PYTHONUNBUFFERED=1",
    ],
    "numbers.py": ["per 1,000 steps", "in 1,000 steps", "seed-1", "seed=2"],
    "states.py": ["--stalled-after 10m"],
    "words.py": ["OSC 9, 99 or 777"],
}  # fmt: skip
"""Numbers that stand in the pages' own text. All others come from the code."""


def _literals(file: Path) -> Iterator[str]:
    """The text of a module's strings, without its docstrings and format specifications."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    left_out = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            left_out.update(id(part) for part in ast.walk(node.format_spec))
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and id(node) not in left_out and text != "utf-8":
            yield " ".join(text.split())


def test_pages_hold_no_copies_of_the_codes_numbers() -> None:
    for file in sorted(Path(explain.__file__).parent.glob("*.py")):
        unused = set(WRITTEN.get(file.name, ()))
        for text in _literals(file):
            rest = text
            for phrase in WRITTEN.get(file.name, ()):
                if phrase in rest:
                    unused.discard(phrase)
                    rest = rest.replace(phrase, "")
            found = re.search(r"(?<![\w.])\d[\d,.]*", rest)
            assert found is None, (
                f"{file.name}: {found and rest[max(0, found.start() - 40) : found.end() + 20]!r}: "
                "a number typed into a page; take it from the code, or list it in WRITTEN"
            )
        assert not unused, f"{file.name}: no longer there: {unused}"


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


def test_forecast_cites_what_was_measured_and_says_so_where_nothing_was() -> None:
    from lossmon.explain import measured

    found = {
        "forecast": {
            "command": "python -m benchmarks.extrapolation", "date": "2026-01-31",
            "simulated": {"runs": 1000, "held": 790}, "real": {"runs": 0, "held": 0},
        }
    }  # fmt: skip
    text = measured.forecast(found)
    assert "790 of 1,000 simulated runs" in text
    assert "real" not in text
    assert "benchmarks.extrapolation" in measured.forecast({})


def test_capability_cites_the_fine_tunings_and_says_nothing_where_none_were_measured() -> None:
    from lossmon.explain import measured

    found = {
        "fine_tuning": {
            "command": "python -m experiments", "date": "2026-01-31", "runs": 60,
            "seed_spread": {"code": 0.12}, "proxy": {"runs": 50, "rank_correlation": -0.91},
            "strong": {"runs": 30, "good": 20}, "wide_gap": {"runs": 9, "fell": 2},
            "overfitting": {"runs": 0, "fell": 0},
        }
    }  # fmt: skip
    assert "60 small fine-tunings" in measured.experiments(found)
    assert "-0.91" in measured.proxy(found)
    assert "code 12%" in measured.seeds(found)
    assert "Of 30" in measured.reduction_rule(found)
    assert "9 runs whose gap is rated overfitting" in measured.gap_rule(found)
    assert "event" not in measured.gap_rule(found)
    for cited in (measured.proxy, measured.seeds, measured.reduction_rule, measured.gap_rule):
        assert cited({}) == ""
