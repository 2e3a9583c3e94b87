"""The optimizer's step among the metrics of trackers that only count calls of `log`.

W&B and trackio number their rows by call. Where the first row also says the
step or the iteration, as the callbacks of transformers and Lightning and
nanoGPT do, that is the axis that people mean.
"""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from typing import Final

_KEYS: Final = (
    "train/global_step",
    "trainer/global_step",
    "global_step",
    "iter",
    "iteration",
    "step",
)


class OwnStep:
    """Chooses the axis at the first row, and keeps to it: mixed axes would look like restarts."""

    def __init__(self) -> None:
        self._keys: tuple[str, ...] = _KEYS
        self._key: str | None = None
        self._decided = False
        self._last = math.nan

    def prefer(self, key: str) -> None:
        """Take `key` before the usual ones (the program named it as its step)."""
        if key not in self._keys and len(self._keys) < 2 * len(_KEYS):
            self._keys = (key, *self._keys)

    def of(self, row: MutableMapping[str, float], counted: float) -> float:
        """Return the row's step, `counted` if it says none; the step is taken out of `row`."""
        if not self._decided:
            self._decided = True
            keys = [key for key in self._keys if math.isfinite(row.get(key, math.nan))]
            self._key = keys[0] if keys else None
        if self._key is None:
            return counted
        said = row.pop(self._key, math.nan)
        if math.isfinite(said):
            self._last = said
        return self._last
