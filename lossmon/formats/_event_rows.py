"""Scalars of event records on their way from the records to the columns of a batch."""

from __future__ import annotations

import numpy as np

from lossmon.formats._events import BoolArray, FloatArray, IntArray
from lossmon.record import record


@record(frozen=False)
class Rows:
    """Scalars of one kind of record: index of the record, id of the tag, and the numbers."""

    records: IntArray
    tags: IntArray
    values: FloatArray
    steps: FloatArray
    walls: FloatArray

    def select(self, which: BoolArray) -> Rows:
        """Return the scalars for which `which` is true."""
        return Rows(
            self.records[which],
            self.tags[which],
            self.values[which],
            self.steps[which],
            self.walls[which],
        )


def in_order(parts: list[Rows]) -> Rows | None:
    """Return the scalars of all parts in order of their records, None if there are none."""
    parts = [part for part in parts if len(part.records)]
    if not parts:
        return None
    records = np.concatenate([part.records for part in parts])
    order = np.argsort(records, kind="stable")
    return Rows(
        records[order],
        np.concatenate([part.tags for part in parts])[order],
        np.concatenate([part.values for part in parts])[order],
        np.concatenate([part.steps for part in parts])[order],
        np.concatenate([part.walls for part in parts])[order],
    )
