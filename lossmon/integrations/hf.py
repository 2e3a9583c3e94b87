"""A callback for Hugging Face's Trainer (and TRL's, and all that are made of it).

::

    from lossmon.integrations.hf import LossmonCallback

    trainer = Trainer(..., callbacks=[LossmonCallback()])

It stops a training that diverges or turns NaN, and keeps the checkpoint of the
best evaluation: where saving and evaluating come at the same step, the one
with the lowest evaluation loss is named in `state.best_model_checkpoint`, which
the Trainer never rotates away (`save_total_limit`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from lossmon.integrations.watcher import STOP_ON, Watcher

_log = logging.getLogger("lossmon")


class LossmonCallback(TrainerCallback):  # type: ignore[misc]
    """Judges the logged losses; `watcher.verdict` says what holds."""

    def __init__(self, stop_on: Sequence[str] = STOP_ON, keep_best: bool = True) -> None:
        self.watcher = Watcher(stop_on)
        self._keep_best = keep_best
        self._best: tuple[float, int] | None = None
        """Lowest evaluation loss and its step."""

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> Any:
        """Take one row of the log; only the first process judges, all of them stop."""
        if not state.is_world_process_zero or not logs:
            return control
        numbers = {name: value for name, value in logs.items() if name != "epoch"}
        for event in self.watcher.update(numbers, state.global_step, state.epoch):
            _log.warning("%s at step %g: %s", event.kind, event.step, event.message)
        if self.watcher.stops:
            control.should_training_stop = True
        return control

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, Any] | None = None, **_: Any
    ) -> Any:
        """Remember the best evaluation, and have it saved."""
        loss = (metrics or {}).get("eval_loss")
        if self._keep_best and isinstance(loss, float) and loss == loss:
            best = self._best
            if best is None or loss < best[0]:
                self._best = (loss, state.global_step)
                control.should_save = True
        return control

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """Name the checkpoint of the best evaluation, unless the Trainer does it itself."""
        if self._keep_best and self._best is not None and not args.metric_for_best_model:
            loss, step = self._best
            folder = Path(args.output_dir) / f"checkpoint-{step}"
            if step == state.global_step or folder.is_dir():
                state.best_metric = loss
                state.best_model_checkpoint = str(folder)
        return control
