"""What the Hugging Face Trainer logs once, when training has ended, through any tracker.

`train_loss` among it is the mean over the whole run: a number about the run,
not a point of its curve, though it stands at the last step beside the points.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

from lossmon.model import RunInfo, clean_text

END: Final = "train_runtime"
"""Logged by `Trainer._inner_training_loop` when it ends, and at no other time."""

SUMMARY: Final = frozenset(
    [END, "train_samples_per_second", "train_steps_per_second", "total_flos", "train_loss"]
)
PREFIX: Final = "train/"
"""Set before each key by the trackers that group by it (TensorBoard, W&B, trackio)."""


def take_summary(row: MutableMapping[str, float], info: RunInfo) -> None:
    """Move the closing summary of a row of values, if it is one, into the run's facts."""
    for prefix in ("", PREFIX):
        if prefix + END not in row:
            continue
        info.finished = True
        for key in SUMMARY:
            value = row.pop(prefix + key, None)
            if value is not None:
                info.facts[key] = clean_text(f"{value:.6g}")
