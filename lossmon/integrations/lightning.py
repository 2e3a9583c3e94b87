"""A callback for PyTorch Lightning: stops a training that diverges or turns NaN.

::

    from lossmon.integrations.lightning import LossmonCallback

    Trainer(..., callbacks=[LossmonCallback()])

The best checkpoint is the business of Lightning's own `ModelCheckpoint`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:  # the package's older name
    from pytorch_lightning.callbacks import Callback

from lossmon.integrations.watcher import STOP_ON, Watcher

_log = logging.getLogger("lossmon")


class LossmonCallback(Callback):  # type: ignore[misc]
    """Judges what was logged, every `every` training steps and after each validation."""

    def __init__(self, stop_on: Sequence[str] = STOP_ON, every: int = 1) -> None:
        super().__init__()
        if every < 1:
            raise ValueError("every should be 1 or more")
        self.watcher = Watcher(stop_on)
        self._every = every

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        """Take the newest metrics of training (not those kept from the last validation)."""
        if trainer.global_step % self._every == 0:
            self._take(trainer, validation=False)

    def on_validation_end(self, trainer: Any, *_: Any) -> None:
        """Take the metrics of a validation."""
        if not trainer.sanity_checking:
            self._take(trainer, validation=True)

    def _take(self, trainer: Any, validation: bool) -> None:
        metrics = {
            name: value.item() if hasattr(value, "item") else value
            for name, value in trainer.callback_metrics.items()
            if name.startswith(("val", "eval", "test")) == validation
        }
        for event in self.watcher.update(metrics, trainer.global_step):
            _log.warning("%s at step %g: %s", event.kind, event.step, event.message)
        if self.watcher.stops:
            trainer.should_stop = True
