"""Hugging Face Trainer's `trainer_state.json`, as every checkpoint and the end of training save it.

A checkpoint's file holds the whole history up to its step, so of all those in
one output directory the longest is the run. Non-finite values stand in it as
bare `NaN`. Its last entry may sum up the run; that one is no point.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, DocumentFormat, Grouping, Parser, Sniff
from lossmon.formats.json_document import JsonDocumentParser, objects_in
from lossmon.model import clean_text

_CHECKPOINT: Final = late(r"checkpoint-\d{1,12}")
_HISTORY: Final = late(r'"log_history"\s{0,100}:\s{0,100}\[')


class TrainerStateParser(JsonDocumentParser):
    """Reads `log_history`, and from the fields around it how far training is."""

    def document(self, value: Any) -> None:
        history = value.get("log_history") if isinstance(value, dict) else None
        if not isinstance(history, list):
            self.bad_records += 1
            return
        for entry in history:
            self._entry(entry)
        self._state(value)

    def broken(self, text: str) -> None:
        """Of a file that is only half written the entries that are whole count."""
        start = _HISTORY.search(text)
        if start is not None:
            for entry in objects_in(text, start.end()):
                self._entry(entry)

    def _entry(self, entry: object) -> None:
        if not isinstance(entry, dict):
            self.bad_records += 1
            return
        if "mean_token_accuracy" in entry:  # TRL's SFTTrainer: a cross-entropy of tokens
            self.info.loss_unit = "nats"
        self.record(entry)

    def _state(self, state: dict[str, Any]) -> None:
        total, reached = _positive(state.get("max_steps")), _positive(state.get("global_step"))
        self.info.total_steps = total
        self.info.total_epochs = _positive(state.get("num_train_epochs"))
        if total is not None and reached is not None and reached >= total:
            self.info.finished = True
        best = state.get("best_model_checkpoint")
        if isinstance(best, str) and best:
            name = PurePosixPath(best.replace("\\", "/")).name
            self.info.best_checkpoint = clean_text(name, 200)
        self.info.facts["framework"] = "transformers"


def _positive(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < 1e15 else None


class TrainerStateFormat(DocumentFormat):
    """`trainer_state.json` of an output directory and of the checkpoints in it: one run."""

    name = "hf-trainer-state"
    needles = ('"log_history"', '"global_step"')
    title = "Hugging Face Trainer state (trainer_state.json)"
    sample = '{"global_step": 400, "log_history": [{"epoch": 0.1, "loss": 2.31, "step": 10}, …'
    combine = "longest"

    def parser(self, context: Context | None = None) -> Parser:
        return TrainerStateParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if head.lstrip()[:1] != b"{":
            return None
        if b'"log_history"' in head:
            return Sniff(0.97, "a JSON object with `log_history`")
        if filename == "trainer_state.json" and b'"global_step"' in head:
            return Sniff(0.9, "named trainer_state.json, with `global_step`")
        return None

    def group(self, path: PurePosixPath) -> Grouping:
        if _CHECKPOINT.fullmatch(path.parent.name):
            return Grouping(path.parent.parent, path.parent.name)
        return Grouping(path.parent)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        return False


FORMAT = TrainerStateFormat()
