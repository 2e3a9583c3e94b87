"""Checkpoints beside a log: the folders a trainer saved, and which lies nearest to a step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lossmon.record import record
from lossmon.sources.freshness import SecondLook

MAX_ENTRIES: Final = 20_000
"""Directory entries looked at: a folder of more is no output folder of one run."""

_PREFIXES: Final = (
    "checkpoint-",
    "checkpoint_",
    "ckpt-",
    "ckpt_",
    "step-",
    "step_",
    "iter_",
    "global_step",
)


@record
class Checkpoint:
    """A saved model: its folder or file name, and the step in it."""

    name: str
    step: float


class Checkpoints:
    """The checkpoints in a folder, listed again only when the folder has changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._look = SecondLook()
        self._found: tuple[Checkpoint, ...] = ()

    def now(self) -> tuple[Checkpoint, ...]:
        """Return the checkpoints there are (one stat, where nothing changed)."""
        try:
            changed_at = self._directory.stat().st_mtime_ns
        except OSError:
            return ()
        if self._look.wanted(changed_at):
            self._look.reading(changed_at, changed_at)
            self._found = find_checkpoints(self._directory)
        return self._found


def find_checkpoints(directory: Path) -> tuple[Checkpoint, ...]:
    """Return the checkpoints in `directory`, by step; none where it cannot be listed."""
    found = []
    try:
        with os.scandir(directory) as entries:
            for count, entry in enumerate(entries):
                if count >= MAX_ENTRIES:
                    break
                step = _step_of(entry.name)
                if step is not None:
                    found.append(Checkpoint(entry.name, step))
    except OSError:
        # No directory, or none we may list: then there is no checkpoint to name.
        return ()
    return tuple(sorted(found, key=lambda checkpoint: checkpoint.step))


def _step_of(name: str) -> float | None:
    low = name.lower()
    if "step=" in low:  # Lightning: epoch=3-step=380.ckpt
        return _number(low.rpartition("step=")[2])
    for prefix in _PREFIXES:
        if low.startswith(prefix):
            return _number(low[len(prefix) :])
    return None


def _number(text: str) -> float | None:
    digits = ""
    for char in text[:20]:
        if not char.isascii() or not char.isdigit():
            break
        digits += char
    return float(digits) if digits else None


def nearest_checkpoint(checkpoints: Sequence[Checkpoint], step: float) -> Checkpoint | None:
    """Return the checkpoint nearest to `step`, the later of two at the same distance."""
    return min(checkpoints, key=lambda found: (abs(found.step - step), -found.step), default=None)
