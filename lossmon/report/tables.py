"""The comparison as text, Markdown, CSV and plain data."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from lossmon.analysis.seeds import LEVEL
from lossmon.report import data, words
from lossmon.report.comparison import Comparison, Test

QUESTION: Final = "Is the difference larger than the seeds'?"
_UNKNOWN_LISTED: Final = 3
SCHEMA: Final = "lossmon.compare/1"
HEAD: Final = (
    "run", "final", "best", "at step", "to target", "reduction", "gap", "verdict"
)  # fmt: skip


def text(found: Comparison) -> str:
    """Return the comparison as aligned columns, with the tests in sentences."""
    rows = [HEAD, *run_rows(found)]
    parts = [caption(found), "", *_aligned(rows)]
    if found.groups:
        parts += ["", *_aligned([("group", "runs", "final, mean ± sd"), *group_rows(found)])]
    if found.tests:
        parts += ["", QUESTION, *(f"  {line}" for line in answers(found.tests))]
    parts += ["", *found.notes] if found.notes else []
    return "\n".join(parts) + "\n"


def markdown(found: Comparison) -> str:
    """Return the comparison as Markdown tables."""
    parts = [caption(found), "", *_pipes([HEAD, *run_rows(found)])]
    if found.groups:
        parts += ["", *_pipes([("group", "runs", "final, mean ± sd"), *group_rows(found)])]
    if found.tests:
        parts += ["", QUESTION, ""]
        parts += [f"- {escape_markdown(line)}" for line in answers(found.tests)]
    for note in found.notes:
        parts += ["", escape_markdown(note)]
    return "\n".join(parts) + "\n"


def csv_text(found: Comparison) -> str:
    """Return a row a run, numbers as they are."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["run", "source", "group", "seed", "loss", "final", "final_error", "best", "best_step",
         "target", "target_step", "reduction", "gap", "status", "state"]
    )  # fmt: skip
    for row in found.rows:
        final = row.final
        writer.writerow(
            [
                safe_cell(row.run.name), safe_cell(row.run.source), safe_cell(row.group),
                row.seed or "", safe_cell(row.loss or ""),
                _cell(final.value if final else None), _cell(final.error if final else None),
                _cell(row.best), _cell(row.best_step), _cell(found.target),
                _cell(row.target_step), _cell(row.run.summary.reduction),
                _cell(row.run.summary.gap), row.status, row.run.state,
            ]
        )  # fmt: skip
    return out.getvalue()


def json_text(found: Comparison) -> str:
    """Return the comparison as one JSON object."""
    encoded = msgspec.json.encode(plain(found))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def plain(found: Comparison) -> dict[str, Any]:
    """Return the comparison as data for JSON."""
    return {
        "schema": SCHEMA,
        "measure": found.measure,
        "target": data.number(found.target),
        "by": found.by,
        "runs": [
            {
                "name": row.run.name,
                "source": row.run.source,
                "group": row.group,
                "seed": row.seed,
                "loss": row.loss,
                "final": _known(row.final.value if row.final else None),
                "final_error": _known(row.final.error if row.final else None),
                "best": _known(row.best),
                "best_step": data.step_number(row.best_step),
                "target_step": data.step_number(row.target_step),
                "reduction": data.number(row.run.summary.reduction),
                "gap": data.number(row.run.summary.gap),
                "status": row.status,
                "state": row.run.state,
            }
            for row in found.rows
        ],
        "groups": [
            {"name": g.name, "runs": g.runs, "mean": _known(g.mean), "sd": _known(g.sd)}
            for g in found.groups
        ],
        "tests": [
            {
                "first": test.first,
                "second": test.second,
                "test": "welch",
                "difference": _known(test.outcome.difference),
                "low": _known(test.outcome.low),
                "high": _known(test.outcome.high),
                "t": _known(test.outcome.t),
                "dof": _known(test.outcome.dof),
                "p": _known(test.outcome.p),
                "larger_than_seeds": test.outcome.larger,
                "reason": test.outcome.reason or None,
            }
            for test in found.tests
        ],
        "notes": list(found.notes),
    }


def test_sentence(test: Test) -> str:
    """Return the outcome of one test in a sentence."""
    found = test.outcome
    head = f"{test.first} − {test.second}: {found.difference:+.3g}"
    if found.larger == "unknown":
        return f"{head}: unknown, {found.reason}."
    interval = f"95 % interval {found.low:+.3g} to {found.high:+.3g}"
    p = "p < 0.001" if found.p < 0.001 else f"p = {found.p:.2g}"
    answer = "larger than the seeds'" if found.larger == "yes" else "not larger than the seeds'"
    return f"{head} ({interval}; Welch's t test, {p}): {answer}."


def answers(tests: Sequence[Test]) -> list[str]:
    """Return the tests' outcomes in sentences; many that are unknown are one sentence."""
    known = [test for test in tests if test.outcome.larger != "unknown"]
    unknown = [test for test in tests if test.outcome.larger == "unknown"]
    lines = [test_sentence(test) for test in known]
    if len(known) > 1:
        lines.append(
            f"{len(known)} tests at {100 * LEVEL:.0f} % each: by chance alone about "
            f"{len(known) * LEVEL:.1f} of them would say yes."
        )
    if len(unknown) <= _UNKNOWN_LISTED:
        lines += [test_sentence(test) for test in unknown]
    else:
        reasons = dict.fromkeys(test.outcome.reason for test in unknown)
        lines.append(f"{len(unknown)} pairs of groups: unknown, {'; '.join(reasons)}.")
    return lines


def escape_markdown(value: str) -> str:
    """Return text that Markdown (and the HTML in it) shows as it is, in one table cell."""
    for char in "\\`*_[]<>|~#!$":
        value = value.replace(char, f"\\{char}")
    # GitHub reads @name and bare addresses even without markup.
    value = value.replace("@", "@\N{ZERO WIDTH SPACE}").replace("://", ":\N{ZERO WIDTH SPACE}//")
    return value.replace("\n", " ").replace("&", "&amp;")


def safe_cell(value: str) -> str:
    """Return text that a spreadsheet does not run as a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t") else value


def _known(value: float | None) -> float | int | str | None:
    """NaN is 'not known' here, not a value of the log."""
    return None if value is None or math.isnan(value) else data.number(value)


def _cell(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else repr(float(value))


def caption(found: Comparison) -> str:
    """Return how many runs are compared, by which loss, and the target."""
    what = {"eval": "evaluation loss", "train": "training loss"}[found.measure]
    target = "" if found.target is None else f"; target {words.loss(found.target)}"
    return f"{len(found.rows)} runs by their {what}{target}"


def run_rows(found: Comparison) -> list[tuple[str, ...]]:
    """Return the cells of each run, as many as `HEAD`."""
    rows: list[tuple[str, ...]] = []
    for row in found.rows:
        final = words.loss(row.final.value) if row.final else "–"
        if row.final and math.isfinite(row.final.error):
            final += f" ± {row.final.error:.2g}"
        summary = row.run.summary
        rows.append(
            (
                row.run.name, final, words.loss(row.best), words.step(row.best_step),
                words.step(row.target_step), words.percent(summary.reduction),
                words.percent(summary.gap), row.status,
            )
        )  # fmt: skip
    return rows


def group_rows(found: Comparison) -> list[tuple[str, ...]]:
    """Return name, number of runs, and mean ± sd of each group."""
    return [
        (
            g.name,
            str(g.runs),
            words.loss(g.mean) + (f" ± {g.sd:.2g}" if math.isfinite(g.sd) else " (one run)"),
        )
        for g in found.groups
        # A group of one says what its run's row says.
        if g.runs > 1 or found.by is not None
    ]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    from rich.cells import cell_len

    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell + " " * (width - cell_len(cell))
            if i in (0, len(row) - 1)
            else " " * (width - cell_len(cell)) + cell
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _pipes(rows: list[tuple[str, ...]]) -> list[str]:
    rule = "|" + "|".join(["---"] + ["---:"] * (len(rows[0]) - 2) + ["---"]) + "|"
    lines = ["| " + " | ".join(escape_markdown(cell) for cell in row) + " |" for row in rows]
    return [lines[0], rule, *lines[1:]]
