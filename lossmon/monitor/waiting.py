"""Rows for what the user named and that is no run: it is not there yet, or no format fits it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from lossmon.model import RunView
from lossmon.monitor.claims import EMPTY
from lossmon.monitor.files import KnownFiles
from lossmon.monitor.streams import Streams


def waiting_rows(
    files: KnownFiles, streams: Streams, missing: Iterable[str], *, wait: bool
) -> tuple[RunView, ...]:
    """Return a row for each source that the user named and that is no run (yet).

    With `wait` what is missing is waited for, and no error.
    """

    def promised(view: RunView, may_come: bool) -> RunView:
        return replace(view, error=None) if may_come and wait else view

    views = [
        promised(_row(file.path, file.claim.reason), file.claim.reason == EMPTY)
        for file in files
        if file.explicit and file.claim.format is None
    ]
    views.extend(
        promised(_row(name, reason), hopeful) for name, reason, hopeful in streams.waiting()
    )
    views.extend(
        replace(_row(name, words), error=None, loading=0.0) for name, words in streams.listing()
    )
    views.extend(
        promised(_row(path, "does not exist yet; waiting for it"), True)
        for path in missing
        if path not in files  # one that went away is a run still, and says so itself
    )
    return tuple(views)


def _row(source: str, reason: str) -> RunView:
    return RunView.unread(f"waiting:{source}", PurePosixPath(source).name or source, source, reason)
