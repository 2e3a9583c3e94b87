"""`Rounds`: counts how often everything was asked and nothing was new.

Time alone cannot tell a point that is late from one that is lost: a machine
that is busy may give the watching no turn for a minute. Rounds are the
watching's own time. After two of them, what was written before the first and
is not there will not come any more.
"""

from __future__ import annotations

from lossmon.record import record


@record
class _Mark:
    version: int
    sweeps: int
    searches: int


class Rounds:
    """Is told how things stand whenever there is nothing to do."""

    def __init__(self) -> None:
        self.count = 0
        """Whole rounds that brought nothing; any thread may read it."""
        self._mark: _Mark | None = None

    def idle(self, version: int, sweeps: int, searches: int) -> None:
        """Note the newest snapshot's version, and how many sweeps and searches have ended.

        One that had begun before the last round ended may have passed by what came after, so a
        round takes two of both.
        """
        mark = self._mark
        if mark is not None and version == mark.version:
            if sweeps < mark.sweeps + 2 or searches < mark.searches + 2:
                return
            self.count += 1
        self._mark = _Mark(version, sweeps, searches)
