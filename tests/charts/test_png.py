"""PNG pictures: the right size, the right colours, text without the system's fonts."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from lossmon.charts import Line, Palette, png
from lossmon.charts.svg import svg_chart, svg_lines
from lossmon.errors import UsageError
from tests.charts.runs import run_of, view_of
from tests.pixels import pixels

needs_resvg = pytest.mark.skipif(
    not png.available(), reason="resvg-py is not installed: pip install 'lossmon[png]'"
)


def colours(data: bytes) -> set[str]:
    found = pixels(data)[..., :3].reshape(-1, 3)
    return {"#{:02x}{:02x}{:02x}".format(*rgb) for rgb in np.unique(found, axis=0)}


@needs_resvg
@pytest.mark.parametrize(
    ("palette", "ground", "hue"),
    [(Palette.LIGHT, "#ffffff", "#0066a8"), (Palette.DARK, "#161a1f", "#56b4e9")],
)
def test_a_chart_has_its_palette_whatever_the_readers(
    palette: Palette, ground: str, hue: str
) -> None:
    line = Line("loss", np.arange(9.0), np.array([3.0] * 4 + [1.0] * 5), "ema")
    data = png.png(svg_lines([line], width=200, height=150, still=palette), 1.0)
    assert pixels(data).shape == (150, 200, 4)
    assert {ground, hue} <= colours(data)


@needs_resvg
@pytest.mark.parametrize("family", ["sans-serif", "monospace", "Fira Code", "system-ui"])
@pytest.mark.parametrize("text", ["loss 2.31", "±∞ × μ ё ł", "│▁█◆", "⣿⠿", "best ≤ 3 → 4 ✓"])
def test_text_is_drawn_without_the_systems_fonts(family: str, text: str) -> None:
    assert png._BEYOND.search(text) is None
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="30">'
        f'<text x="5" y="20" font-family="{family}" font-size="16">{{}}</text></svg>'
    )
    one, other = (pixels(png.png(drawn.format(said), 1.0)) for said in (text, "\ue000"))
    assert (one[..., 3] > 128).sum() > 20
    # Not the box that stands for a missing character.
    assert not np.array_equal(one, other)


@needs_resvg
def test_a_large_drawing_is_drawn_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "MAX_PIXELS", 100 * 50)
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200"/>'
    assert pixels(png.png(svg, 2.0, size=(400, 200))).shape == (50, 100, 4)


@needs_resvg
def test_what_is_no_svg_is_refused() -> None:
    with pytest.raises(ValueError, match="root node"):
        png.png("<html>")


@pytest.mark.parametrize(
    "body",
    [
        '<image href="/etc/hostname"/>',
        "<svg:image xmlns:svg='http://www.w3.org/2000/svg'/>",
        "<filter id='a'><feImage href='/etc/hostname'/></filter>",
    ],
)
def test_an_svg_that_embeds_files_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match="embeds"):
        png.png(f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>')
    with pytest.raises(ValueError, match="embeds"):
        png.png('<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>')


def test_without_the_package_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UsageError, match=r"pip install 'lossmon\[png\]'"):
        png.png("<svg/>")


def test_a_still_chart_has_no_variables_and_no_hover() -> None:
    text = svg_chart(view_of(run_of(np.arange(60.0), loss=np.ones(60))), still=Palette.DARK)
    assert "var(" not in text
    assert "@media" not in text
    assert 'class="h"' not in text
