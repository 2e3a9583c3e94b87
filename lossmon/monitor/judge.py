"""`Judge`: what a run's rows mean, found in bounded steps from what is stored."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from lossmon.model import Event, Forecast, RoleMap, Run, Summary, Verdict, choose_judged
from lossmon.settings import Settings

if TYPE_CHECKING:
    from lossmon.analysis.analyzer import Analyzer

ANALYSE_ROWS: Final = 65536
"""Rows judged in one go: a few milliseconds, so that keys and other runs get their turn."""
FIRST_ROWS: Final = 256
"""Rows judged in the first go: early in a run each costs a hundred times what later ones do."""
BEGUN_LATER: Final = Verdict(headline="The verdict follows once the first points are judged.")


class Judge:
    """Judges one run; begins anew when a better series to judge turns up, or with another run.

    The rows are read from the run itself, so that nothing that was read is asked for twice.
    """

    def __init__(self, settings: Settings, roles: RoleMap) -> None:
        self._settings = settings
        self._roles = roles
        self._run: Run | None = None
        self._analyzer: Analyzer | None = None
        """None until judging has begun."""
        self._judged = (settings.train, settings.eval)
        self._done = 0

    def _begin_anew(self, judged: tuple[str | None, str | None]) -> Analyzer:
        # The first picture stands by then, and needs none of it.
        from lossmon.analysis.analyzer import Analyzer

        self._judged = judged
        self._done = 0
        self._analyzer = Analyzer(
            train=judged[0],
            eval=judged[1],
            roles=self._roles,
            plateau_gain=self._settings.plateau_gain,
        )
        return self._analyzer

    @property
    def begun(self) -> bool:
        """Whether rows of any run were judged."""
        return self._analyzer is not None

    def behind(self, run: Run) -> bool:
        """Say whether rows of the run were not judged yet."""
        return (self._done if run is self._run else 0) < len(run)

    def skip(self, run: Run) -> None:
        """Leave what was not judged yet as it is: judging it failed."""
        if self._analyzer is None:
            self._begin_anew(self._judged)
        self._run, self._done = run, len(run)

    def go_on(self, run: Run, deadline: float) -> bool:
        """Judge rows until none is left or `deadline` (monotonic s); True if the result changed."""
        changed = run is not self._run
        analyzer = self._analyzer
        if changed or analyzer is None:
            self._run = run
            analyzer = self._begin_anew((self._settings.train, self._settings.eval))
        if self.behind(run):
            sizes = {name: len(series) for name, series in run.series.items()}
            judged = choose_judged(sizes, self._roles)
            if judged != self._judged:
                analyzer = self._begin_anew(judged)
        while self.behind(run):
            rows = min(max(self._done, FIRST_ROWS), ANALYSE_ROWS)
            stop = min(self._done + rows, len(run))
            analyzer.consume(run.rows(self._done, stop))
            self._done = stop
            changed = True
            if time.monotonic() >= deadline:
                break
        return changed

    @property
    def events(self) -> tuple[Event, ...]:
        """What was found, and where."""
        return () if self._analyzer is None else tuple(self._analyzer.events)

    @property
    def verdict(self) -> Verdict:
        """How the run does."""
        return BEGUN_LATER if self._analyzer is None else self._analyzer.verdict

    @property
    def summary(self) -> Summary:
        """Its figures."""
        return Summary() if self._analyzer is None else self._analyzer.summary

    def forecast(self, total_steps: float | None) -> Forecast | None:
        """Return where the run is going, if that can be said."""
        return None if self._analyzer is None else self._analyzer.forecast(total_steps)
