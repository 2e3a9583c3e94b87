"""Vector charts: well-formed, small, escaped, with the values on hovering."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from lossmon.charts import Band, Line, Mark, XAxis
from lossmon.charts.svg import svg_chart, svg_lines
from lossmon.model import Event, Run
from tests.charts.runs import run_of, view_of

SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_well_formed_and_names_its_values():
    event = Event("overfitting", "warning", 30.0, 10.0, None, "why", "loss")
    view = view_of(run_of(np.arange(60.0), loss=np.linspace(3, 1, 60)), (event,))
    root = ElementTree.fromstring(svg_chart(view))
    titles = [node.text or "" for node in root.iter(f"{SVG}title")]
    assert any("Overfit 30 (since 10)" in title for title in titles)
    assert any(title.startswith("loss 3 @ 0") for title in titles)
    assert "prefers-color-scheme:dark" in (root.find(f"{SVG}style").text or "")


def test_untrusted_names_are_escaped():
    evil = '</svg><script>alert("1")</script>&\x1b'
    line = Line(evil, np.arange(3.0), np.arange(3.0))
    text = svg_lines([line], [Mark(1, "spike", evil)], [], title=evil)
    assert "<script" not in text
    ElementTree.fromstring(text)


@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize(
    "values", [[], [1.0], [np.nan] * 3, [1e300, -1e300], [0.0, -1.0], [np.inf, 1, 2]]
)
def test_degenerate_data(values, log_y):
    y = np.array(values, float)
    band = Band("b", np.arange(2.0), np.array([np.nan, 1.0]), np.array([2.0, np.inf]))
    text = svg_lines([Line("loss", np.arange(float(len(y))), y)], [], [band], log_y=log_y)
    ElementTree.fromstring(text)
    assert "nan" not in text.split("</style>")[1].split('class="h"')[0].lower().replace(
        "only nan", ""
    ).replace(">nan<", "").replace("nan or infinite", "")


def test_a_million_points_are_small_and_keep_their_spike():
    values = np.ones(1_000_000)
    values[123_456] = 50.0
    view = view_of(run_of(np.arange(1e6), loss=values))
    text = svg_chart(view, x_axis=XAxis.STEP)
    assert len(text) < 120_000
    path = next(
        node.attrib["d"]
        for node in ElementTree.fromstring(text).iter(f"{SVG}path")
        if node.attrib.get("class") == "r c0" and "V" in node.attrib["d"]
    )
    heights = [
        float(part.split("V")[0])
        for part in path.replace("L", "V").split("V")[1:]
        if " " not in part
    ]
    assert min(heights) < 60


def test_nothing_and_only_nan_are_said():
    assert "no points yet" in svg_chart(view_of(Run("empty", "", "")))
    assert "only NaN" in svg_chart(view_of(run_of(np.arange(3.0), loss=np.full(3, np.nan))))


def test_it_is_deterministic():
    view = view_of(run_of(np.arange(60.0), loss=np.linspace(3, 1, 60)))
    assert svg_chart(view) == svg_chart(replace(view))
