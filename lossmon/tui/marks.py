"""Marks for states, verdicts and severities: a shape, a word and a colour each, never one alone.

Shapes are plain characters of width one, no emoji; each has an ASCII twin.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lossmon.model import Event, EventKind, RunState, RunView, Severity, Status
from lossmon.record import record


@record
class Mark:
    """How a finding is shown: a shape, its ASCII twin, a word, and a style's name."""

    shape: str
    plain: str
    word: str
    style: str

    def char(self, ascii: bool) -> str:
        """Return the shape, or its twin where only ASCII is wanted."""
        return self.plain if ascii else self.shape


VERDICTS: Final[dict[Status, Mark]] = {
    "healthy": Mark("●", "+", "healthy", "good"),
    "plateau": Mark("■", "=", "plateau", "note"),
    "overfitting": Mark("◆", "!", "overfitting", "warn"),
    "diverging": Mark("▲", "^", "diverging", "bad"),
    "nonfinite": Mark("×", "x", "NaN", "bad"),
    "unknown": Mark("○", "?", "too early", "dim"),
}

_UNREADABLE: Final = replace(VERDICTS["unknown"], word="cannot read")

STATES: Final[dict[RunState, Mark]] = {
    "live": Mark("▸", ">", "live", "good"),
    "finished": Mark("✓", "v", "finished", "text"),
    "stalled": Mark("‖", "#", "stalled", "warn"),
    "crashed": Mark("×", "x", "crashed", "bad"),
    "unknown": Mark("·", ".", "quiet", "dim"),
}

SEVERITIES: Final[dict[Severity, Mark]] = {
    "info": Mark("·", ".", "info", "dim"),
    "warning": Mark("◆", "!", "warning", "warn"),
    "critical": Mark("▲", "^", "critical", "bad"),
}

EVENTS: Final[dict[EventKind, str]] = {
    "plateau": "plateau",
    "divergence": "diverging",
    "spike": "spike",
    "overfitting": "overfitting",
    "nonfinite": "NaN",
    "resume": "resumed",
    "restart": "LR restart",
    "stalled": "stalled",
    "finished": "finished",
    "not_learning": "not learning",
}
"""What an event's kind is called on screen."""

ALARMS: Final = frozenset({"overfitting", "divergence", "nonfinite", "stalled", "not_learning"})
"""Kinds that raise the banner while they stand."""

_URGENCY: Final[dict[str, int]] = {
    "nonfinite": 0,
    "divergence": 1,
    "overfitting": 2,
    "not_learning": 3,
    "stalled": 4,
}


def alarms(run: RunView) -> list[Event]:
    """Return the run's standing events that a person should see now, the gravest first.

    While a log is read for the first time none: what holds of its beginning may be long over.
    """
    if run.loading is not None:
        return []
    found = [
        event
        for event in run.events
        if event.stands and event.kind in ALARMS and event.severity != "info"
    ]
    return sorted(found, key=lambda event: (_URGENCY.get(event.kind, 9), event.step))


def event_key(run: RunView, event: Event) -> str:
    """Return what an event is remembered by: it keeps it as a run grows, and in later sessions."""
    return f"{run.source}|{run.name}|{event.kind}|{event.step:.12g}|{event.series or ''}"


def verdict_mark(run: RunView) -> Mark:
    """Return the mark of a run's verdict; of one of which nothing can be read, that."""
    return _UNREADABLE if run.error and not run.series else VERDICTS[run.verdict.status]
