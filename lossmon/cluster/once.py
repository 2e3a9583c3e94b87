"""One training is one run, also where its logs were read in different shares.

On one machine a run that is named twice (`runs/` and `runs/a/log.txt`) is read once,
and the logs of one training that a search finds are folded into one row. Workers see
their share alone, so the same is done here with what they sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lossmon.cluster.work import Outcome
from lossmon.monitor.twins import Twins


def once(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes, in order, without runs that came twice and with twins folded.

    A piece of a report stays as its worker rendered it: it does not name the folded log.
    """
    known: dict[str, Outcome] = {}
    for outcome in outcomes:
        before = known.setdefault(outcome.digest.run.id, outcome)
        if outcome.curve is None:  # a source that was named is never folded
            known[outcome.digest.run.id] = replace(before, curve=None)
    curves = {key: one.curve for key, one in known.items() if one.curve is not None}
    views = Twins().fold_by([one.digest.run for one in known.values()], curves)
    return [
        replace(known[view.id], digest=replace(known[view.id].digest, run=view)) for view in views
    ]
