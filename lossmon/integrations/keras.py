"""A callback for Keras: stops a training that diverges or turns NaN.

::

    from lossmon.integrations.keras import LossmonCallback

    model.fit(..., callbacks=[LossmonCallback()])

Keras reports the running mean of an epoch after each batch, which says little;
so rows are those of epochs. The best weights are the business of
`ModelCheckpoint(save_best_only=True)`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from keras.callbacks import Callback

from lossmon.integrations.watcher import STOP_ON, Watcher

_log = logging.getLogger("lossmon")


class LossmonCallback(Callback):  # type: ignore[misc]
    """Judges the metrics of each epoch."""

    def __init__(self, stop_on: Sequence[str] = STOP_ON) -> None:
        super().__init__()
        self.watcher = Watcher(stop_on)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Take the row of an epoch (numbered from 0 by Keras, from 1 in its output)."""
        for event in self.watcher.update(dict(logs or {}), epoch + 1, epoch + 1):
            _log.warning("%s at step %g: %s", event.kind, event.step, event.message)
        if self.watcher.stops:
            self.model.stop_training = True
