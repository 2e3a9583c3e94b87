"""Losses that are no numbers: NaN and infinities, single or lasting, and those a logger hides.

Hugging Face's Trainer replaces a NaN loss by an average (`logging_nan_inf_filter`,
on by default): the log then shows a jump, exact zeros for ever, and NaN in
`grad_norm` alone. An exact 0 where every recent loss was far above zero is
such a mask.
"""

from __future__ import annotations

import math
from typing import Final

from lossmon.analysis.journal import Journal, Moment

LASTING: Final = 3
"""So many in a row are no single bad batch."""
RECOVERED: Final = 8
"""Finite points in a row after which it is over."""
MASK_SHARE: Final = 0.1
"""A zero is a mask if all of the last 8 losses were above this share of the initial one."""


class NonFiniteDetector:
    """Counts what is no number in one series and keeps the event that says so."""

    __slots__ = ("_finite", "_journal", "_name", "_patience", "in_row", "masked", "total")

    def __init__(self, name: str, journal: Journal, patience: int = 1) -> None:
        """`patience`: so many in a row raise the event (gradients overflow now and then)."""
        self._name = name
        self._patience = patience
        self._journal = journal
        self._finite = 0
        self.in_row = 0
        self.total = 0
        self.masked = 0

    @property
    def stands(self) -> bool:
        """Whether its event stands."""
        return self._journal.standing("nonfinite", self._name) is not None

    @property
    def awaits(self) -> bool:
        """Whether a finite point means anything to it: one that was none came before."""
        return self.in_row > 0 or self.stands

    @property
    def finite_left(self) -> int:
        """Finite points still to come until the event is cleared."""
        return RECOVERED - self._finite

    @property
    def told(self) -> int:
        """So many points in a row must be told to `bad` one by one; further ones are counted."""
        return LASTING + 1

    def bad(self, value: float, moment: Moment, *, masked: bool = False) -> None:
        """Take one point that is no number (or an exact 0 that hides one)."""
        self._finite = 0
        self.in_row += 1
        self.total += 1
        self.masked += masked
        word = "exactly 0" if masked else "NaN" if math.isnan(value) else "infinite"
        if masked:
            if self.in_row >= LASTING and not self.stands:
                self._journal.record(
                    "nonfinite", "critical", moment,
                    f"{self._name} is exactly 0 since step {moment.step:,.12g} although it was far "
                    "above zero: the logger hides NaN (Hugging Face's logging_nan_inf_filter).",
                    series=self._name, onset=moment.step, evidence={"points": self.in_row},
                )  # fmt: skip
            return
        if self.in_row < self._patience:
            return
        if not self.stands:
            self._journal.record(
                "nonfinite", "critical" if self.in_row >= LASTING else "warning", moment,
                f"{self._name} is {word} at step {moment.step:,.12g}.",
                series=self._name, onset=moment.step, evidence={"points": self.in_row},
            )  # fmt: skip
        elif self.in_row == LASTING:
            event = self._journal.standing("nonfinite", self._name)
            assert event is not None
            self._journal.amend(
                "nonfinite", series=self._name, severity="critical",
                message=f"{self._name} is {word} since step {event.onset_step:,.12g}, "
                f"{LASTING} points in a row and more.",
                evidence={"points": self.in_row},
            )  # fmt: skip

    def count(self, points: int) -> None:
        """Take further points in a row that are no numbers, after `told` of them."""
        self.in_row += points
        self.total += points

    def fine(self, count: int, moment: Moment) -> None:
        """Take `count` finite points (never more than `finite_left` while the event stands)."""
        self.in_row = 0
        if not self.stands:
            return
        self._finite += count
        if self._finite >= RECOVERED:
            self._journal.clear(
                "nonfinite", moment, f"Numbers again since, {self.total} points lost in all.",
                series=self._name,
            )  # fmt: skip
