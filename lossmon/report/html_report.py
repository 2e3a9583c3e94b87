"""The report as one HTML file that needs nothing else: no script, no font, no request.

A content security policy forbids all of them, so that even a name that got
through unescaped could load nothing. Light and dark follow the reader's
setting, charts are vector pictures that answer to hovering, and everything
prints.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from lossmon import __version__
from lossmon.charts.lines import compare_lines
from lossmon.model import Event, RunView, clean_text
from lossmon.monitor.left_out import sentences
from lossmon.report import tables, words
from lossmon.report.comparison import Comparison, Digest, compare_digests, digest
from lossmon.report.evidence import evidence_words
from lossmon.report.markdown import MARKS
from lossmon.report.text import number_rows

MAX_LINES: Final = 12
"""Runs in the chart of all: more lines cannot be told apart."""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_STYLE: Final = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1f2328;--soft:#59636e;--rule:#d9dee3;
--good:#1a7f4b;--note:#0969da;--warn:#9a6700;--bad:#c62828}
@media(prefers-color-scheme:dark){:root{--bg:#0e1116;--card:#161a1f;--ink:#e6edf3;--soft:#9aa3ad;
--rule:#2a3038;--good:#4cc38a;--note:#6cb6ff;--warn:#e6b450;--bad:#ff6b6b}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:960px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:22px;margin:0 0 4px}h2{font-size:18px;margin:0;overflow-wrap:anywhere}
h3{font-size:13px;margin:20px 0 6px;color:var(--soft);font-weight:600}
.meta{color:var(--soft);font-size:13px;overflow-wrap:anywhere}
section{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:18px 20px;
margin:18px 0}
.head{display:flex;gap:12px;align-items:baseline;flex-wrap:wrap}
.badge{font-size:13px;font-weight:600;border:1px solid currentColor;border-radius:99px;
padding:1px 10px;white-space:nowrap}
.healthy{color:var(--good)}.plateau{color:var(--note)}.overfitting{color:var(--warn)}
.diverging,.nonfinite{color:var(--bad)}.unknown{color:var(--soft)}
.info{color:var(--soft)}.warning{color:var(--warn)}.critical{color:var(--bad)}
.headline{font-size:16px;margin:10px 0 14px}
svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);
vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;font-size:13px;white-space:nowrap}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.label{color:var(--soft);white-space:nowrap;width:1%}
td.name{min-width:9em}td.kind{white-space:nowrap}
.chart{overflow-x:auto}
ul{margin:6px 0;padding-left:20px}a{color:var(--note)}
@media(max-width:640px){section{padding:14px 12px}.chart svg{min-width:600px}}
details{margin-top:14px}summary{cursor:pointer;color:var(--soft);font-size:13px}
.error{color:var(--bad)}
@media print{:root{--bg:#fff}body{font-size:12px}main{max-width:none;padding:0}
section{border:0;border-top:1px solid var(--rule);border-radius:0;padding:12px 0}
.chart,tr,li{break-inside:avoid}h2,h3,.head,.meta,.headline{break-after:avoid}
summary{list-style:none}details::details-content{content-visibility:visible;block-size:auto}}
"""


def render(runs: Iterable[RunView]) -> str:
    """Return the whole page."""
    found = list(runs)
    return assemble([piece(run) for run in found], [digest(run) for run in found], found)


def assemble(
    pieces: Iterable[str], digests: Sequence[Digest] = (), drawn: Sequence[RunView] = ()
) -> str:
    """Return the page of runs that are HTML already; `drawn` are laid over each other in a chart.

    Runs from a cluster come without their points: then there is only the table.
    """
    count = len(digests)
    title = f"Training report: {digests[0].run.name}" if count == 1 else "Training report"
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escaped(title)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{escaped(title)}</h1>",
        f'<p class="meta">{count:,} {"run" if count == 1 else "runs"}, read by lossmon '
        f"{escaped(__version__)}</p>",
    ]
    if sum(one.train is not None or one.eval is not None for one in digests) > 1:
        parts.append(_comparison(digests, drawn))
    return "\n".join([*parts, *pieces, "</main></body></html>\n"])


def escaped(text: str, limit: int = 2000) -> str:
    """Return text from a log as it may stand in HTML, in attributes too."""
    return html.escape(clean_text(text, limit))


def _badge(run: RunView) -> str:
    status = run.verdict.status
    return f'<span class="badge {status}">{MARKS[status]} {status}</span>'


def _anchor(run: RunView) -> str:
    return "run-" + hashlib.blake2s(run.id.encode(errors="replace"), digest_size=6).hexdigest()


def piece(run: RunView) -> str:
    """Return one run's section."""
    head = f'<div class="head"><h2>{escaped(run.name)}</h2>{_badge(run)}</div>'
    where = f"{run.source} · {run.format} · {run.state}"
    parts = [f'<section id="{_anchor(run)}">{head}<div class="meta">{escaped(where)}</div>']
    if not run.series:
        reason = escaped(run.error or "no series found in it")
        return "".join([*parts, f'<p class="error">Nothing read: {reason}</p></section>'])
    if run.error:
        parts.append(f'<p class="error">{escaped(run.error)}</p>')
    parts += [f'<p class="error">{escaped(said)}.</p>' for said in sentences(run.left_out)]
    parts.append(f'<p class="headline">{escaped(run.verdict.headline)}</p>')
    parts.append(_chart(run))
    if run.verdict.advice:
        items = "".join(f"<li>{escaped(advice)}</li>" for advice in run.verdict.advice)
        parts.append(f"<h3>What to do</h3><ul>{items}</ul>")
    rows = "".join(
        f'<tr><td class="label">{escaped(label)}</td><td>{escaped(text)}</td></tr>'
        for label, text in number_rows(run)
    )
    parts.append(f"<h3>Numbers</h3><table>{rows}</table>")
    if run.events:
        parts.append(_events(run.events))
    parts += [_evidence(run), _facts(run), "</section>"]
    return "".join(parts)


def _chart(run: RunView) -> str:
    if run.train is None and run.eval is None:
        return ""
    from lossmon.charts.svg import svg_chart

    return f'<div class="chart">{svg_chart(run, 900, 380)}</div>'


def _events(events: Sequence[Event]) -> str:
    rows = []
    for event in events:
        end = "" if event.stands else f" Cleared at step {words.step(event.cleared_step)}."
        rows.append(
            f'<tr><td class="num">{words.step(event.step)}</td>'
            f'<td class="kind {event.severity}">{event.kind.replace("_", " ")}</td>'
            f"<td>{escaped(event.message + end)}</td></tr>"
        )
    return (
        '<h3>Events</h3><table><tr><th class="num">step</th><th>event</th>'
        f"<th>what happened</th></tr>{''.join(rows)}</table>"
    )


def _evidence(run: RunView) -> str:
    rows = "".join(
        f'<tr><td class="label">{escaped(label)}</td><td>{escaped(value)}</td></tr>'
        for label, value in evidence_words(run.verdict)
    )
    if not rows:
        return ""
    shape = f"Evidence; shape of the curve: {escaped(run.verdict.shape)}"
    return f"<details><summary>{shape}</summary><table>{rows}</table></details>"


def _facts(run: RunView) -> str:
    if not run.facts:
        return ""
    rows = "".join(
        f'<tr><td class="label">{escaped(key)}</td><td>{escaped(value)}</td></tr>'
        for key, value in run.facts
    )
    return f"<details><summary>Facts of the run</summary><table>{rows}</table></details>"


def _comparison(digests: Sequence[Digest], drawn: Sequence[RunView]) -> str:
    from lossmon.charts.svg import svg_lines

    found = compare_digests(digests)
    usable = [run for run in drawn if run.train is not None or run.eval is not None]
    lines = compare_lines(usable[:MAX_LINES])
    title = "Smoothed training loss of each run"
    if len(found.rows) > MAX_LINES:
        title += f" (the first {MAX_LINES} of {len(found.rows)})"
    y_range = _scale(usable[:MAX_LINES])
    if y_range is not None:
        title += "; runs that broke go off scale"
    log_y = y_range is not None and y_range[1] > 30 * y_range[0] > 0
    chart = (
        svg_lines(lines, width=900, height=380, title=title, log_y=log_y, y_range=y_range)
        if lines
        else ""
    )
    first, *middle, last = tables.HEAD
    numbers = "".join(f'<th class="num">{name}</th>' for name in middle)
    head = f"<th>{first}</th>{numbers}<th>{last}</th>"
    rows = "".join(
        f'<tr><td class="name"><a href="#{_anchor(row.run)}">{escaped(cells[0])}</a></td>'
        + "".join(f'<td class="num">{escaped(cell)}</td>' for cell in cells[1:-1])
        + f"<td>{_badge(row.run)}</td></tr>"
        for row, cells in zip(found.rows, tables.run_rows(found), strict=True)
    )
    return (
        f'<section><h2>Comparison</h2><div class="meta">{escaped(tables.caption(found))}</div>'
        f'<div class="chart">{chart}</div><div class="scroll"><table><tr>{head}</tr>{rows}'
        f"</table></div>{_seeds(found)}</section>"
    )


def _scale(runs: Sequence[RunView]) -> tuple[float, float] | None:
    """Return the y range of the runs that did not break, None where all or none of them did.

    A run that explodes to 1e13 leaves the others one line at the bottom.
    """
    whole = [run for run in runs if run.verdict.status not in ("nonfinite", "diverging")]
    if len(whole) in (0, len(runs)):
        return None
    values = np.concatenate([line.y for line in compare_lines(whole)])
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    pad = 0.04 * (high - low)
    return low - pad if low - pad > 0 else low, high + pad


def _seeds(found: Comparison) -> str:
    parts = []
    if found.groups:
        rows = "".join(
            f'<tr><td>{escaped(name)}</td><td class="num">{runs}</td><td>{escaped(mean)}</td></tr>'
            for name, runs, mean in tables.group_rows(found)
        )
        parts.append(
            '<h3>Groups</h3><table><tr><th>group</th><th class="num">runs</th>'
            f"<th>final, mean ± sd over runs</th></tr>{rows}</table>"
        )
    if found.tests:
        items = "".join(f"<li>{escaped(line)}</li>" for line in tables.answers(found.tests))
        parts.append(f"<h3>{escaped(tables.QUESTION)}</h3><ul>{items}</ul>")
    parts += [f'<p class="meta">{escaped(note)}</p>' for note in found.notes]
    return "".join(parts)
