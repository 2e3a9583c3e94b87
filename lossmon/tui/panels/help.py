"""The help page: keys of the view first, then marks, then what the words and numbers mean."""

from __future__ import annotations

from typing import Final

from lossmon.charts.palette import marker
from lossmon.charts.spec import Row, Span
from lossmon.model import Event, RunView
from lossmon.tui.keys import KEYS, Key, keys_of
from lossmon.tui.look import Look
from lossmon.tui.marks import SEVERITIES, STATES, VERDICTS
from lossmon.tui.panels.details import heading
from lossmon.tui.panels.table import COLUMNS
from lossmon.tui.rows import fit, row, width_of, wrap

_VERDICTS: Final = {
    "healthy": "Nothing speaks against going on.",
    "plateau": "Training longer at this learning rate would gain next to nothing: the loss is "
    "level within a narrow band. Lower the learning rate, or stop here.",
    "overfitting": "Loss on unseen data rises for certain while training loss still falls: the "
    "model memorises. Keep the checkpoint of the best eval; stop, or regularise.",
    "diverging": "The loss rises and does not come back. Stop; lower the learning rate, clip "
    "gradients, start again from a checkpoint before it.",
    "nonfinite": "NaN or infinity in the log: weights are broken from that step on. Start again "
    "from an earlier checkpoint with a lower learning rate or in bf16/fp32.",
    "unknown": "Not enough points of a loss to say anything honestly.",
}

_STATES: Final = {
    "live": "the log grew lately",
    "finished": "the log says that training ended",
    "stalled": "silent for much longer than this log's own rhythm",
    "crashed": "the log says that training failed",
    "unknown": "quiet; the log does not say whether it ended",
}

_NUMBERS: Final = (
    (
        "loss",
        "How wrong the model is on average. For language models it is cross-entropy: e to "
        "the power of −loss is the share of belief that the right answer gets (loss 1.0: 37 %, "
        "2.0: 14 %). Shown smoothed; the faint dots in the chart are single points.",
    ),
    (
        "learned",
        "How much of the first loss is gone: over 50 % strong, 20–50 % moderate, under "
        "20 % weak. 'nothing': it stands above its first value. It depends on when logging began.",
    ),
    (
        "trend",
        "How much the loss changes in 1,000 steps now, with its uncertainty. ↘ falling, "
        "→ level, ↗ rising; an arrow only where it is clear of the noise.",
    ),
    ("noise", "How far single points stray from the trend (a robust standard deviation)."),
    (
        "eval gap",
        "Eval loss over train loss. Under 10 % healthy, 10–30 % watch it, over 30 % "
        "wide. A reading: an alarm needs eval loss itself to rise for certain.",
    ),
    ("best eval", "The lowest loss on unseen data, its step, and the checkpoint to keep."),
    ("half-way", "The first step at which half of all that was learned was learned."),
)

_CHART: Final = (
    "Faint dots: the points as logged; each column shows its lowest and highest, so that a "
    "single spike is always seen. Strong line: the smoothed loss (s/S). Line with marks: eval, its "
    "best a star (B in ASCII). In Compare each run has its own mark, the chosen one a thick line. "
    "Dotted uprights: events, with a word at the top. A row under the canvas marks NaN at its "
    "step. Dimmed: what a resumed run overlapped, or what is not read yet of a long log. "
    "'n off scale': points beyond the y axis, which would press the rest into a line; zoomed to, "
    "they are shown."
)


_KEYS_WIDTH: Final = 14


def help_rows(
    look: Look, view: str, width: int, run: RunView | None = None, event: Event | None = None
) -> list[Row]:
    """Return the whole page for a width: what stands on screen now, keys, marks, numbers.

    An `event` that is selected is explained first; without one the run's
    verdict is, at the end.
    """
    inner = min(width - 2, 118)
    rows: list[Row] = [
        row(
            width,
            look.text(" lossmon: help ", "title"),
            look.text("  j/k, space: scroll · esc: back", "dim"),
        ),
        *_now(look, run, width, inner),
        *([] if event is None else [*_explained(look, event.kind, width, inner), row(width)]),
        heading(look, width, "keys here"),
        *_keys(look, keys_of(view), width),
    ]
    here = set(keys_of(view))
    others = [key for key in KEYS if key not in here]
    if others:
        rows += [
            row(width),
            heading(look, width, "keys of other views"),
            *_keys(look, others, width, scopes=True),
        ]
    rows += [row(width), heading(look, width, "the chart")]
    rows += [row(width, "  ", look.text(line)) for line in wrap(_CHART, inner)]
    rows += [row(width), heading(look, width, "verdicts: what holds now")]
    for status, mark in VERDICTS.items():
        rows += _entry(look, look.mark(mark), 16, _VERDICTS[status], width, inner)
    rows += [row(width), heading(look, width, "states of a run")]
    for state, mark in STATES.items():
        rows += _entry(look, look.mark(mark), 16, _STATES[state], width, inner)
    marks = [look.mark(mark) for mark in SEVERITIES.values()]
    rows += [
        row(width),
        row(
            width,
            "  ",
            look.text("Events: ", "dim"),
            *(span for mark in marks for span in (*mark, Span("   "))),
        ),
    ]
    rows += [row(width), heading(look, width, "numbers")]
    for name, words in _NUMBERS:
        rows += _entry(look, (look.text(name, "strong"),), 12, words, width, inner)
    rows += [row(width), heading(look, width, "columns of the overview")]
    for column in COLUMNS:
        rows += _entry(look, (look.text(column.title, "strong"),), 18, column.words, width, inner)
    if event is None and run is not None and run.verdict.status != "unknown":
        rows += [row(width), *_explained(look, run.verdict.status, width, inner)]
    shapes = " ".join(marker(index, look.glyphs) for index in range(8))
    rows += [
        row(width),
        row(
            width,
            "  ",
            look.text(f"Each run keeps one mark and colour everywhere: {shapes} …", "dim"),
        ),
    ]
    rows += [
        row(width),
        row(
            width,
            "  ",
            look.text(
                "More, at length: lossmon explain. Which files are read: lossmon formats.", "dim"
            ),
        ),
    ]
    return rows


def _now(look: Look, run: RunView | None, width: int, inner: int) -> list[Row]:
    """Return what the chosen run's verdict means."""
    if run is None:
        return []
    mark = VERDICTS[run.verdict.status]
    return [
        heading(look, width, f"now: {run.name}"),
        *_entry(look, look.mark(mark), 16, run.verdict.headline, width, inner),
        *_entry(look, (), 16, _VERDICTS[run.verdict.status], width, inner),
        row(width),
    ]


def _explained(look: Look, word: str, width: int, inner: int) -> list[Row]:
    """Return the page of `lossmon explain` on a kind of event or a verdict."""
    from lossmon.explain import find

    page = find(word)
    if page is None:
        return []
    lines = page.rows(min(inner - 2, 100))
    return [
        heading(look, width, f"explain: {lines[0]}"),
        *(row(width, "  ", look.text(line)) for line in lines[3:]),
    ]


def _entry(
    look: Look, lead: tuple[Span, ...], size: int, words: str, width: int, inner: int
) -> list[Row]:
    lines = wrap(words, max(inner - size - 2, 10))
    pad = Span(" " * max(size - width_of(*lead), 1))
    rows = [row(width, "  ", *lead, pad, look.text(lines[0] if lines else ""))]
    rows += [row(width, " " * (size + 2), look.text(line)) for line in lines[1:]]
    return rows


def _keys(
    look: Look, keys: tuple[Key, ...] | list[Key], width: int, scopes: bool = False
) -> list[Row]:
    """Return keys with their words, in two columns where there is room."""
    columns = 2 if width >= 120 else 1
    size = width // columns
    blocks: list[list[Row]] = []
    for key in keys:
        where = f" ({', '.join(key.scopes)})" if scopes else ""
        lines = wrap(key.text + where, size - _KEYS_WIDTH - 2)
        names = "  " + " ".join(key.names)
        blocks.append(
            [
                row(
                    size,
                    look.text(fit(names if index == 0 else "", _KEYS_WIDTH), "key"),
                    look.text(line),
                )
                for index, line in enumerate(lines)
            ]
        )
    if columns == 1:
        return [item for block in blocks for item in block]
    half = sum(map(len, blocks)) / 2
    left: list[Row] = []
    right: list[Row] = []
    for block in blocks:
        (left if len(left) < half else right).extend(block)
    blank = row(size)
    right += [blank] * (len(left) - len(right))
    return [row(width, *one, *other) for one, other in zip(left, right, strict=False)]
