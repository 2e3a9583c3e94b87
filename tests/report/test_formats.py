"""Markdown, HTML and CSV reports: whole, harmless with hostile names, and self-contained."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import lossmon
from lossmon.charts import png
from lossmon.model import Event, RunView, Verdict
from lossmon.report import csv_report, html_report, markdown
from tests.charts.runs import run_of, view_of

DEMO = Path(__file__).parents[2] / "demo_logs"
HOSTILE = "<script>alert(1)</script>[red]\"'`|=1+1"
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Checks nesting and collects what a browser would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "data", "action", "xlink:href"):
                self.links.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def demo() -> list[RunView]:
    return lossmon.read(DEMO)


def hostile() -> RunView:
    steps = np.arange(60.0)
    run = run_of(steps, **{"loss": 2 * 0.97**steps, HOSTILE: steps})
    event = Event("spike", "info", 10, None, 12, f"it {HOSTILE} jumped", "loss")
    view = view_of(run, (event,))
    changes = {
        "name": HOSTILE,
        "source": f"/tmp/{HOSTILE}",
        "facts": ((HOSTILE, HOSTILE),),
        "verdict": Verdict("healthy", "power", HOSTILE, (HOSTILE,), {HOSTILE: 1.0}),
    }
    return RunView(**{**view.__dict__, **changes})


def test_html_of_the_demo_is_one_whole_page(demo: list[RunView]) -> None:
    text = html_report.render(demo)
    page = Page(text)
    assert page.tags & {"script", "iframe", "img", "link", "object"} == set()
    assert all(link.startswith("#run-") for link in page.links)
    assert len(page.links) == len(demo)
    assert text.count("<svg ") == len(demo) + 1
    shown = " ".join(page.text)
    for run in demo:
        assert run.name in shown
        assert run.verdict.headline in shown
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text
    assert "default-src 'none'" in text


def test_html_of_hostile_names_runs_nothing() -> None:
    text = html_report.render([hostile(), hostile()])
    page = Page(text)
    assert "script" not in page.tags
    assert page.handlers == []
    assert HOSTILE in " ".join(page.text)
    assert "alert(1)</script>" not in text


def test_html_of_nothing_readable() -> None:
    empty = RunView("a", "a", "a.log", "none", "unknown", "<b>no", 1)
    page = Page(html_report.render([empty]))
    assert "Nothing read: <b>no" in " ".join(page.text)
    assert "b" not in page.tags
    Page(html_report.render([]))


def test_markdown_shows_pictures_that_are_beside_it(demo: list[RunView]) -> None:
    demo = demo[:3]
    pictures = markdown.pictures(demo, "report")
    text = markdown.render(demo, {key: name for key, (name, _) in pictures.items()})
    assert len(pictures) == len(demo)
    for name, data in pictures.values():
        assert f"]({name})" in text
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        if png.available():
            assert data.startswith(b"\x89PNG")
        else:
            ElementTree.fromstring(data)
    assert "## Comparison" in text


def test_without_the_package_pictures_are_vectors(
    demo: list[RunView], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "available", lambda: False)
    ((name, data),) = markdown.pictures(demo[:1], "report").values()
    assert name.endswith(".svg")
    ElementTree.fromstring(data)


def test_markdown_of_hostile_names_is_text() -> None:
    text = markdown.render([hostile()])
    outside = "".join(text.split("```")[::2])
    assert "<script" not in outside.replace("\\<", "")
    assert "[red]" not in outside
    longest = max(len(line) for line in text.splitlines() if set(line) == {"`"})
    assert longest >= 3


def test_csv_has_every_point(demo: list[RunView]) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_report.render(demo))))
    assert list(rows[0]) == ["run", "series", "step", "epoch", "time", "value"]
    assert len(rows) == sum(len(series) for run in demo for series in run.series)
    run = next(run for run in demo if run.name == "overfitting")
    series = run.get("eval_loss")
    assert series is not None
    mine = [r for r in rows if (r["run"], r["series"]) == ("overfitting", "eval_loss")]
    assert [float(r["value"]) for r in mine] == series.values.tolist()
    assert [float(r["step"]) for r in mine] == series.steps.tolist()


def test_csv_cells_are_no_formulas() -> None:
    view = hostile()
    renamed = RunView(**{**view.__dict__, "name": "=1+1"})
    rows = list(csv.reader(io.StringIO(csv_report.render([renamed]))))
    assert rows[1][0] == "'=1+1"
