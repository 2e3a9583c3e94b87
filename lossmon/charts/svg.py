"""Vector charts for the HTML report: one inline SVG, without scripts and without files.

Colours are CSS classes with a light and a dark set (`prefers-color-scheme`),
hovering a column names its values (`<title>`). Everything from a log is
escaped. Lines are thinned to the minimum and maximum of each pixel column, so
that a million points are a few kilobytes and a spike is still there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lossmon.charts import ticks
from lossmon.charts.header import AXIS_WORDS
from lossmon.charts.lines import run_lines
from lossmon.charts.palette import COLORS, MARK_WORDS, hues
from lossmon.charts.ranges import LIMIT, ordered, x_limits, y_limits
from lossmon.charts.spec import Band, Line, Mark, Palette, XAxis
from lossmon.charts.thin import Columns, columns
from lossmon.model import RunView, clean_text
from lossmon.model.batch import FloatArray
from lossmon.record import record

_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 14.0, 46.0, 34.0
_HOVER: Final = 120
"""Columns that answer to hovering: finer than a pointer is steady."""
_POINTS: Final = 150
"""Evaluations up to which each has its own mark."""


@record
class _Box:
    """The plot area in user units, and the ranges it shows."""

    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    log: bool

    def x(self, values: FloatArray) -> FloatArray:
        low, high = self.x_range
        return _LEFT + (values - low) / (high - low) * self.width

    def y(self, values: FloatArray) -> FloatArray:
        low, high = self.y_range
        values = np.clip(values, -LIMIT, LIMIT)
        if self.log:
            values = np.log10(np.maximum(values, 1e-320))
            low, high = float(np.log10(low)), float(np.log10(high))
        share = np.clip((values - low) / (high - low), -0.02, 1.02)
        return _TOP + (1 - share) * self.height

    def at(self, x: float, y: float) -> tuple[float, float]:
        return float(self.x(np.array([x]))[0]), float(self.y(np.array([y]))[0])


def svg_chart(
    view: RunView,
    width: int = 860,
    height: int = 360,
    *,
    x_axis: XAxis = XAxis.STEP,
    smoothing: float | None = 0.0,
    names: Sequence[str] | None = None,
    log_y: bool = False,
    title: str = "",
    still: Palette | None = None,
) -> str:
    """Return one run's chart as an ``<svg>`` element, `width` × `height` CSS pixels."""
    lines, marks = run_lines(view, x_axis=x_axis, smoothing=smoothing, names=names)
    return svg_lines(
        lines,
        marks,
        (),
        width,
        height,
        x_axis=x_axis,
        log_y=log_y,
        title=title or view.name,
        still=still,
    )


def svg_lines(
    lines: Sequence[Line],
    marks: Sequence[Mark] = (),
    bands: Sequence[Band] = (),
    width: int = 860,
    height: int = 360,
    *,
    x_axis: XAxis = XAxis.STEP,
    log_y: bool = False,
    title: str = "",
    still: Palette | None = None,
    y_range: tuple[float, float] | None = None,
) -> str:
    """Return lines, marks and bands as an ``<svg>`` element.

    `y_range` is what the y axis shows; None: everything. `still` makes a
    picture that becomes a PNG: in that palette (LIGHT or DARK) whatever the
    reader's setting, and with nothing that answers to hovering.
    """
    width, height = max(int(width), 160), max(int(height), 120)
    with np.errstate(all="ignore"):
        body = _body(
            lines, marks, bands, width, height, x_axis, log_y, y_range, hover=still is None
        )
    name = _text(title or "loss chart")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lossmon" role="img" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-label="{name}"><style>{_css(still)}</style>'
        f'<rect class="g" width="{width}" height="{height}" rx="6"/>'
        f'<text class="t" x="{_LEFT:g}" y="18">{name}</text>{body}</svg>'
    )


def _body(
    lines: Sequence[Line],
    marks: Sequence[Mark],
    bands: Sequence[Band],
    width: int,
    height: int,
    x_axis: XAxis,
    log_y: bool,
    wanted: tuple[float, float] | None,
    *,
    hover: bool,
) -> str:
    data = [ordered(line) for line in lines]
    x_range = x_limits(None, x_axis, data, bands)
    inner = width - _LEFT - _RIGHT
    pixels = int(inner)
    low, high = x_range
    edges = low + (np.arange(pixels + 1)) / (pixels - 1) * (high - low)
    found = [
        columns(x, y, edges, line.extent, positive=log_y, max_gap=line.max_gap)
        for line, (x, y) in zip(lines, data, strict=True)
    ]
    known = [np.concatenate((band.lo, band.hi)) for band in bands]
    values = np.concatenate([np.empty(0), *known])
    usable = values[np.isfinite(values) & ((values > 0) | (not log_y))]
    y_range = y_limits(wanted or "fit", data, found, pixels, np.clip(usable, -LIMIT, LIMIT), log_y)
    box = _Box(inner, height - _TOP - _BOTTOM, x_range, y_range, log_y)
    if not any(len(columns_.index) for columns_ in found) and not len(usable):
        said = (
            "only NaN or infinite values" if any(len(f.broken) for f in found) else "no points yet"
        )
        return f'<text class="n" x="{width / 2:g}" y="{height / 2:g}">{said}</text>'
    parts = [_axes(box, x_axis, height)]
    parts += [_band(band, box) for band in bands]
    parts += [_event(mark, box, x_axis, lane) for lane, mark in enumerate(_events(marks, x_range))]
    order = {"dimmed": 0, "raw": 1, "other": 2, "ema": 3, "eval": 4}
    for line, columns_ in sorted(zip(lines, found, strict=True), key=lambda p: order[p[0].role]):
        parts.append(_line(line, columns_, edges, box))
    parts.append(_broken(found, edges, box))
    parts += [_point(mark, box, x_axis) for mark in marks if mark.y is not None]
    parts.append(_legend(lines, width))
    if hover:
        parts.append(_hover(lines, data, box, x_axis))
    return "".join(parts)


def _axes(box: _Box, x_axis: XAxis, height: int) -> str:
    parts = []
    make = ticks.log_ticks if box.log else ticks.linear_ticks
    right = _LEFT + box.width
    for tick in make(*box.y_range, max(2, int(box.height // 45))):
        _, y = box.at(box.x_range[0], tick.at)
        parts.append(f'<path class="l" d="M{_LEFT:g} {y:.1f}H{right:g}"/>')
        parts.append(f'<text class="y" x="{_LEFT - 6:g}" y="{y + 4:.1f}">{tick.label}</text>')
    base = _TOP + box.height
    for tick in ticks.x_ticks(x_axis, *box.x_range, max(2, int(box.width // 90)), None):
        x, _ = box.at(tick.at, box.y_range[1])
        parts.append(f'<path class="l" d="M{x:.1f} {base:.1f}v4"/>')
        parts.append(f'<text class="x" x="{x:.1f}" y="{base + 17:.1f}">{tick.label}</text>')
    parts.append(f'<path class="a" d="M{_LEFT:g} {_TOP:g}V{base:g}H{right:g}"/>')
    name = AXIS_WORDS[x_axis]
    parts.append(f'<text class="e" x="{right:g}" y="{height - 4}">{name}</text>')
    return "".join(parts)


def _line(line: Line, found: Columns, edges: FloatArray, box: _Box) -> str:
    inside = (found.index >= 0) & (found.index < len(edges) - 1)
    index = found.index[inside]
    if len(index) == 0:
        return ""
    x = box.x((edges[index] + edges[index + 1]) / 2)
    low, high = box.y(found.low[inside]), box.y(found.high[inside])
    first, last = box.y(found.first[inside]), box.y(found.last[inside])
    joined = found.joined[inside]
    parts = []
    for i, (at, a, b, c, d) in enumerate(zip(x, first, low, high, last, strict=True)):
        parts.append(f"{'L' if i and joined[i] else 'M'}{at:.1f} {a:.1f}")
        if not a == b == c == d:
            # In, down, up and out: the column's whole extent, joined to its neighbours.
            parts.append(f"V{b:.1f}V{c:.1f}V{d:.1f}")
        elif not (i and joined[i]) and (i + 1 == len(index) or not joined[i + 1]):
            parts.append("h.1")
    role, hue = _classes(line)
    path = f'<path class="{role} c{hue}" d="{"".join(parts)}"/>'
    if line.role == "eval" and len(index) <= _POINTS:
        shapes = "".join(
            f"M{at:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z" for at, y in zip(x, last, strict=True)
        )
        path += f'<path class="f f{hue}" d="{shapes}"/>'
    return path


def _classes(line: Line) -> tuple[str, int]:
    """Return the classes and the hue of a line; the ninth line has the first hue, and dashes."""
    role = {"raw": "r", "dimmed": "d"}.get(line.role, "s")
    if role == "s" and line.color >= COLORS:
        role = "s o"
    return role, line.color % COLORS


def _band(band: Band, box: _Box) -> str:
    usable = np.isfinite(band.x) & np.isfinite(band.lo) & np.isfinite(band.hi)
    if not usable.any():
        return ""
    step = max(1, int(usable.sum()) // 400)
    order = np.flatnonzero(usable)[::step]
    x, lo, hi = box.x(band.x[order]), box.y(band.lo[order]), box.y(band.hi[order])
    there = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, hi, strict=True))
    back = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x[::-1], lo[::-1], strict=True))
    hue = band.color % COLORS
    title = f"<title>{_text(band.label)}</title>"
    return f'<path class="b f{hue}" d="M{there}L{back}z">{title}</path>'


def _events(marks: Sequence[Mark], x_range: tuple[float, float]) -> list[Mark]:
    low, high = x_range
    weight = {"critical": 0, "warning": 1, "info": 2}
    found = [m for m in marks if m.y is None and m.kind != "nan" and low <= m.x <= high]
    return sorted(found, key=lambda mark: (weight[mark.severity], mark.x))[:60]


def _event(mark: Mark, box: _Box, x_axis: XAxis, lane: int) -> str:
    x, _ = box.at(mark.x, box.y_range[1])
    word = _text(mark.label or MARK_WORDS[mark.kind][0])
    where = _text(ticks.on_axis(mark.x, x_axis))
    anchor, shift = ("end", -4) if x > _LEFT + box.width * 0.8 else ("start", 4)
    # The gravest few are named on the chart; all answer to hovering.
    y = _TOP + 11 + 13 * lane
    label = ""
    if lane < 5:
        label = (
            f'<text class="m" text-anchor="{anchor}" x="{x + shift:.1f}" y="{y:g}">{word}</text>'
        )
    return (
        f'<g class="{mark.severity}"><title>{word} ({AXIS_WORDS[x_axis]} {where})</title>'
        f'<path class="v" d="M{x:.1f} {_TOP:g}v{box.height:g}"/>{label}</g>'
    )


def _point(mark: Mark, box: _Box, x_axis: XAxis) -> str:
    low, high = box.x_range
    if mark.y is None or not low <= mark.x <= high or (box.log and mark.y <= 0):
        return ""
    x, y = box.at(mark.x, mark.y)
    word = _text(mark.label or MARK_WORDS[mark.kind][0])
    where = _text(ticks.on_axis(mark.x, x_axis))
    value = ticks.number(mark.y)
    # Below the ring, unless that is where the axis has its labels.
    down = 20 if y < _TOP + box.height - 30 else -12
    return (
        f"<g><title>{word}: {value} ({AXIS_WORDS[x_axis]} {where})</title>"
        f'<circle class="p" cx="{x:.1f}" cy="{y:.1f}" r="6.5"/>'
        f'<text class="m" x="{x:.1f}" y="{y + down:.1f}" text-anchor="middle">'
        f"{word} {value}</text></g>"
    )


def _broken(found: Sequence[Columns], edges: FloatArray, box: _Box) -> str:
    at = sorted({int(pixel) for columns_ in found for pixel in columns_.broken})
    if not at:
        return ""
    base = _TOP + box.height - 4
    x = box.x(edges[np.array(at)])
    path = "".join(f"M{a - 2:.1f} {base - 2:.1f}l4 4m0 -4l-4 4" for a in x)
    label = f'<text class="y critical" x="{_LEFT - 6:g}" y="{base + 2:g}">NaN</text>'
    return (
        f'<g class="critical"><title>NaN or infinite</title><path class="k" d="{path}"/>{label}</g>'
    )


def _legend(lines: Sequence[Line], width: int) -> str:
    parts: list[str] = []
    seen: set[tuple[str, str]] = set()
    x = _LEFT
    for line in lines:
        key = (line.label, line.role)
        if not line.legend or not line.label or key in seen or len(line.x) == 0:
            continue
        seen.add(key)
        size = 30 + 6.6 * min(len(line.label), 40)
        if x + size > width:
            parts.append(f'<text class="m" x="{x:.0f}" y="36">…</text>')
            break
        role, hue = _classes(line)
        sample = f'<path class="{role} c{hue}" d="M{x:.0f} 32h18"/>'
        if line.role == "eval":
            sample += f'<path class="f f{hue}" d="M{x + 9:.0f} 28l4 4l-4 4l-4 -4z"/>'
        parts.append(
            f'{sample}<text class="m" x="{x + 23:.0f}" y="36">{_text(line.label, 40)}</text>'
        )
        x += size
    return "".join(parts)


def _hover(
    lines: Sequence[Line], data: Sequence[tuple[FloatArray, FloatArray]], box: _Box, axis: XAxis
) -> str:
    """Return transparent columns whose titles hold the values nearest to their middles."""
    low, high = box.x_range
    step = box.width / _HOVER
    parts = ['<g class="h">']
    for column in range(_HOVER):
        at = low + (high - low) * (column + 0.5) / _HOVER
        rows = []
        for line, (x, y) in zip(lines, data, strict=True):
            if line.role == "dimmed" or len(x) == 0:
                continue
            index = int(np.searchsorted(x, at))
            if index == len(x) or (index and at - x[index - 1] < x[index] - at):
                index -= 1
            where = ticks.on_axis(float(x[index]), axis)
            rows.append(f"{_text(line.label, 60)} {ticks.number(float(y[index]), 5)} @ {where}")
        title = "\n".join(rows)
        left = _LEFT + column * step
        parts.append(
            f'<rect x="{left:.1f}" y="{_TOP:g}" width="{step:.1f}" height="{box.height:g}">'
            f"<title>{title}</title></rect>"
        )
    return "".join([*parts, "</g>"])


# xml.sax.saxutils would do the same and cost 40 ms to import.
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
)


def _text(text: str, limit: int = 200) -> str:
    return clean_text(text, limit).translate(_ESCAPES)


_LIGHT: Final = {
    "g": "#fff", "t": "#24292f", "m": "#59636e", "l": "#e4e7ea", "a": "#8c959f", "w": "#9a6700",
    "k": "#c62828",
}  # fmt: skip
_DARK: Final = {
    "g": "#161a1f", "t": "#e6edf3", "m": "#9aa3ad", "l": "#2a3038", "a": "#5c6370",
    "w": "#e6b450", "k": "#ff6b6b",
}  # fmt: skip
"""Ground, title, marks and labels, grid lines, axes, warnings, critical marks."""


def _colors(palette: Palette) -> dict[str, str]:
    parts = _LIGHT if palette is Palette.LIGHT else _DARK
    return parts | {str(index): hue for index, hue in enumerate(hues(palette))}


def _css(still: Palette | None) -> str:
    rules = [
        ".lossmon text{font-family:system-ui,sans-serif;font-size:11px;fill:var(--lm-m)}",
        ".lossmon .t{font-size:13px;font-weight:600;fill:var(--lm-t)}.lossmon .g{fill:var(--lm-g)}",
        ".lossmon .l{stroke:var(--lm-l);fill:none}.lossmon .a{stroke:var(--lm-a);fill:none}",
        ".lossmon .y,.lossmon .e{text-anchor:end}.lossmon .x,.lossmon .n{text-anchor:middle}",
        ".lossmon .r,.lossmon .d,.lossmon .s{fill:none;stroke-linejoin:round;stroke-linecap:round}",
        ".lossmon .r{stroke-width:1;opacity:.4}.lossmon .d{stroke-width:1;opacity:.3;"
        "stroke-dasharray:3 3}.lossmon .s{stroke-width:1.8}.lossmon .b{opacity:.18}",
        ".lossmon .o{stroke-dasharray:7 4}",
        ".lossmon .v{stroke:currentColor;stroke-dasharray:2 4}.lossmon .p{fill:none;"
        "stroke:var(--lm-t);stroke-width:1.5}.lossmon .k{stroke:currentColor;stroke-width:1.2}",
        ".lossmon .m{paint-order:stroke;stroke:var(--lm-g);stroke-width:3px;stroke-linejoin:round}",
        ".lossmon .info{color:var(--lm-m)}.lossmon .warning{color:var(--lm-w)}"
        ".lossmon .critical{color:var(--lm-k)}.lossmon .warning .m,.lossmon .critical text"
        "{fill:currentColor}",
        *(
            f".lossmon .c{i}{{stroke:var(--lm-{i})}}.lossmon .f{i}{{fill:var(--lm-{i})}}"
            for i in range(COLORS)
        ),
    ]
    if still is not None:
        # What draws a PNG knows no variables.
        text = "".join(rules)
        for name, value in _colors(still).items():
            text = text.replace(f"var(--lm-{name})", value)
        return text
    light, dark = (
        "".join(f"--lm-{name}:{value};" for name, value in _colors(palette).items())
        for palette in (Palette.LIGHT, Palette.DARK)
    )
    hover = ".lossmon .h rect{fill:var(--lm-t);opacity:0}.lossmon .h rect:hover{opacity:.08}"
    scheme = f"@media(prefers-color-scheme:dark){{.lossmon{{{dark}}}}}"
    return "".join([f".lossmon{{{light}}}", scheme, *rules, hover])
