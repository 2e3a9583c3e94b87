"""The report as Markdown, for pull requests and notes.

With pictures (files beside the text, see `pictures`) each run shows its own;
without, the chart is a block of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from lossmon.model import RunView
from lossmon.monitor.left_out import sentences
from lossmon.report import tables, words
from lossmon.report.comparison import Digest, compare_digests, digest
from lossmon.report.tables import escape_markdown as escaped
from lossmon.report.text import number_rows

_CHART: Final = (96, 16)
MARKS: Final = {
    "healthy": "●", "plateau": "■", "overfitting": "◆", "diverging": "▲", "nonfinite": "×",
    "unknown": "○",
}  # fmt: skip
"""A shape for each status, the same as on the screen: colour never says it alone."""


def render(runs: Iterable[RunView], pictures: Mapping[str, str] | None = None) -> str:
    """Return the report; `pictures` are file names by run id."""
    found = list(runs)
    pieces = [piece(run, (pictures or {}).get(run.id)) for run in found]
    return assemble(pieces, [digest(run) for run in found])


def assemble(pieces: Iterable[str], digests: Sequence[Digest] = ()) -> str:
    """Return the report of runs that are Markdown already."""
    parts = ["# Training report\n"]
    if sum(one.train is not None or one.eval is not None for one in digests) > 1:
        parts.append("## Comparison\n\n" + tables.markdown(compare_digests(digests)))
    return "\n".join([*parts, *pieces])


def pictures(runs: Iterable[RunView], stem: str) -> dict[str, tuple[str, bytes]]:
    """Return file name and content of each run's chart, by run id.

    PNG, which every forge and mail shows; SVG without the extra `png`.
    """
    from lossmon.charts import Palette, png
    from lossmon.charts.svg import svg_chart

    drawn = png.available()
    found = {}
    for number, run in enumerate(runs, 1):
        if run.train is not None or run.eval is not None:
            name = f"{stem}-{number}-{_file_name(run.name)}"
            if drawn:
                found[run.id] = (f"{name}.png", png.png(svg_chart(run, still=Palette.LIGHT)))
            else:
                found[run.id] = (f"{name}.svg", svg_chart(run).encode())
    return found


def _file_name(name: str) -> str:
    """Return a name made of characters that neither a shell nor a URL changes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name[:40]).strip("-").lower() or "run"


def piece(run: RunView, picture: str | None = None) -> str:
    """Return one run's part; `picture` is the name of the file that shows it."""
    parts = [f"## {MARKS[run.verdict.status]} {escaped(run.name)}: {run.verdict.status}", ""]
    if not run.series:
        return "\n".join([*parts, escaped(f"Nothing read: {run.error or 'no series in it'}"), ""])
    for said in sentences(run.left_out):
        parts += [escaped(f"{said}."), ""]
    parts += [escaped(run.verdict.headline), ""]
    if picture is not None:
        parts += [f"![Loss of {escaped(run.name)}]({picture})", ""]
    else:
        parts += [_text_chart(run), ""]
    parts += ["| number | value |", "|---|---|"]
    parts += [f"| {label} | {escaped(text)} |" for label, text in number_rows(run)]
    if run.events:
        parts += ["", "| step | event | what happened |", "|---:|---|---|"]
        for event in run.events:
            end = "" if event.stands else f" Cleared at {words.step(event.cleared_step)}."
            parts.append(
                f"| {words.step(event.step)} | {event.kind} | {escaped(event.message + end)} |"
            )
    if run.verdict.advice:
        parts += ["", "What to do:", ""]
        parts += [f"- {escaped(advice)}" for advice in run.verdict.advice]
    where = f"{run.source} ({run.format}, {run.state})"
    return "\n".join([*parts, "", f"Source: {escaped(where)}", ""])


def _text_chart(run: RunView) -> str:
    from lossmon.charts.text import text_chart

    chart = text_chart(run, *_CHART).rstrip("\n")
    # A fence longer than any run of backticks: a name cannot close it.
    longest = max((len(found) for found in re.findall("`+", chart)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{chart}\n{fence}"
