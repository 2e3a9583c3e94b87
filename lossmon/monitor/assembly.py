"""`Assembly`: the rows of a run's parts, put into one run in their order.

Of a single part the order is that of arrival. Of several it is found from
their rows; a part that turns up late may lie earlier than what is held. A
document holds its whole history, each time anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from lossmon.model import Batch, Run, concatenate
from lossmon.monitor.merge import begins_with, merge, rows_from

LONG_LOAD: Final = 1 << 22
"""Bytes still to be read from which room for their rows is made at once."""


class Assembly:
    """Stores what parts bring; `run` is another object after rows that were held are void.

    `combine` is that of the format: how several parts make one run.
    """

    def __init__(
        self,
        new_run: Callable[[], Run],
        combine: Literal["merge", "longest", "sequence"],
    ) -> None:
        self._new_run = new_run
        self._combine = combine
        self.clear()

    def clear(self) -> None:
        """Forget all rows: nothing that was read counts any more."""
        self.run = self._new_run()
        self._pending: dict[str, list[Batch]] = {}
        self._joined = False
        """Whether a part was read through for the first time since rows were stored."""
        self._grew = False
        """Whether rows were stored that no one was told of yet."""
        self._documents: dict[str, Batch] = {}

    # ---- what parts bring

    def append(self, batch: Batch, done: int, size: int) -> None:
        """Store rows of the only part, which is read `done` of `size` bytes.

        The order is that of arrival: nothing to wait for, nothing to hold twice.
        """
        if size - done > LONG_LOAD:
            rows = len(self.run) + len(batch)
            self.run.expect(int(1.02 * rows * (size / max(done, 1))))
        self.run.append(batch)
        self._grew |= len(batch) > 0

    def hold(self, part: str, batch: Batch) -> None:
        """Keep rows of one of several parts until `store`, when their order can be found."""
        if len(batch):
            self._pending.setdefault(part, []).append(batch)

    def document(self, part: str, batch: Batch) -> None:
        """Take the whole history that a document holds now in place of the one it held."""
        self._documents[part] = batch

    def joined(self) -> None:
        """Note that a part was read through for the first time."""
        self._joined = True

    @property
    def holds(self) -> bool:
        """Whether rows wait for `store`."""
        return bool(self._pending)

    @property
    def longest(self) -> str | None:
        """The part whose document has the longest history, where one stands for all."""
        if self._combine != "longest" or not self._documents:
            return None
        return max(self._documents, key=lambda part: _extent(self._documents[part]))

    # ---- putting them in order

    def store(self) -> bool:
        """Store what waits, in order; True if there are other rows than at the last call."""
        before = len(self.run)
        if self._documents:
            self._store_documents()
        elif self._pending:
            parts = [concatenate(batches) for batches in self._pending.values()]
            self._pending = {}
            self._store_parts(parts)
        grew, self._grew = self._grew or len(self.run) != before, False
        return grew

    def take_back(self, rows: int) -> None:
        """Forget the last rows: what was shown of a line without its end became another one.

        The source is not asked again: a pipe could not give its bytes a second time.
        """
        self._put_in_place(self.run.rows(0, len(self.run) - rows))

    def _put_in_place(self, rows: Batch) -> None:
        """Hold these rows in place of those that are held; what is read further follows them."""
        dropped, documents = self.run.dropped, self._documents
        self.clear()
        self._documents = documents
        self.run.append(rows)
        self.run.dropped += dropped

    def _store_parts(self, parts: list[Batch]) -> None:
        """Store what came of several files, in their order; a file found late may lie earlier."""
        joined, self._joined = self._joined, False
        if self._combine != "merge":
            self.run.append(concatenate(parts))
            return
        known = len(self.run)
        if not (joined and known):
            self.run.append(merge(parts) if len(parts) > 1 else concatenate(parts))
            return
        held = self.run.rows()
        merged = merge([held, *parts])
        if begins_with(merged, held):
            self.run.append(rows_from(merged, known))
        else:
            self._put_in_place(merged)

    def _store_documents(self) -> None:
        """Store the history that the documents hold now, or only what it adds to before."""
        longest = self.longest
        if longest is not None:
            batch = self._documents[longest]
        elif self._combine == "merge":
            batch = merge(list(self._documents.values()))
        else:
            batch = concatenate([self._documents[part] for part in sorted(self._documents)])
        known = len(self.run)
        if known and begins_with(batch, self.run.rows()):
            if len(batch) > known:
                self.run.append(rows_from(batch, known))
            return
        if known:
            self._put_in_place(batch)
        else:
            self.run.append(batch)


def _extent(batch: Batch) -> tuple[float, int]:
    return (float(np.max(batch.steps)) if len(batch) else -math.inf, len(batch))
