"""What a worker does: read a share as one machine would, and make each run small.

Everything that crosses the network is a plain dataclass of this package's.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lossmon.cluster.shares import Share
from lossmon.errors import LossmonError, SourceNotFound
from lossmon.model import RunView
from lossmon.monitor import Monitor
from lossmon.monitor.naming import names_below
from lossmon.monitor.twins import Sketch, sketch
from lossmon.report.comparison import Digest, digest
from lossmon.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for all shares."""

    root: str
    """Runs are called by their paths below it."""
    settings: Settings
    renderer: str | None = None
    """Module of the report's format, whose `piece` renders a run; None: digests alone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: what comparing needs, and its part of the report."""

    digest: Digest
    piece: str
    curve: Sketch | None = None
    """By which logs of the same training are known; None for sources that were named."""


def read_shares(shares: Sequence[Share], job: Job) -> list[list[Outcome]]:
    """Read each share; what fails in one is its outcome, and the others go on."""
    return [_read(share, job) for share in shares]


def _read(share: Share, job: Job) -> list[Outcome]:
    names = partial(names_below, job.root)
    try:
        with Monitor(share.sources, job.settings, searched=share.searched, names=names) as monitor:
            runs = monitor.read_all().runs
    except SourceNotFound as error:
        if share.searched and "no training log" in str(error):
            return []
        return [failed(share, str(error), job)]
    except LossmonError as error:
        return [failed(share, str(error), job)]
    return [outcome(run, job, share.searched) for run in runs]


def outcome(run: RunView, job: Job, searched: bool = False) -> Outcome:
    """Return one run as it goes over the network."""
    piece = ""
    if job.renderer is not None:
        piece = importlib.import_module(job.renderer).piece(run)
    return Outcome(digest(run), piece, sketch(run.train) if searched else None)


def failed(share: Share, reason: str, job: Job) -> Outcome:
    """Return a share that could not be read, as a run with an error."""
    name = names_below(job.root, share.sources[:1])[0]
    return outcome(RunView.unread(f"failed:{share.label}", name, share.label, reason), job)
