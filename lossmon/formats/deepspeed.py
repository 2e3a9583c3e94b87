"""DeepSpeed's own lines, and the stages of DeepSpeed-Chat.

The engine prints the step and the learning rate (`log_dist … step=350`), its
pipeline engine the loss too (`steps: 10 loss: …`). DeepSpeed-Chat adds
perplexities, reward accuracies and PPO losses; its evaluations carry an epoch
but no step, so they stand at the last step the engine printed, or, where it prints none,
behind the micro-batches of their epochs.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, STEP, ConsoleFormat, ConsoleParser, number

_LOG_DIST: Final = late(rf"\[Rank {STEP}\] step=({STEP}), skipped=({STEP}), lr=\[({NUM})")
_TIMER: Final = late(
    rf"/global_step=({STEP}), RunningAvgSamplesPerSec={NUM}, CurrSamplesPerSec=({NUM})"
)
_PIPELINE: Final = late(
    rf"(?:^|[\s-])steps: ({STEP}) ((?:[a-z][a-z ]{{0,30}}: {NUM} ){{1,6}})iter time \(s\)"
)
_PIPELINE_PAIR: Final = late(rf"([a-z][a-z ]{{0,30}}): ({NUM}) ")
_PPO: Final = late(rf"(?:^|\s)epoch: ({STEP}) ?[|,] ?step: ({STEP}) ?[|,] ?")
_PPO_PAIR: Final = late(rf"\s{{0,4}}(\w{{1,40}}): ({NUM})\s{{0,4}}\Z")
_PRINT_LOSS: Final = late(
    rf"Epoch: ({STEP}), Step: ({STEP}), Rank: ({STEP}), loss = (?:tensor\()?({NUM})"
)
_REWARD: Final = late(rf"average reward score: ({NUM})")
_BEGIN: Final = late(
    rf"Beginning of Epoch ({STEP})/({STEP}), Total (?:Micro|Generation) Batches ({STEP})"
)
_EVALUATING: Final = late(rf"\*{{5}} Evaluating \w{{1,20}}, Epoch ({STEP})/({STEP}) \*{{5}}")
_EPOCH_LOSS: Final = late(rf"Epoch ({STEP})/({STEP}) with loss:? ({NUM})")
_EVAL_PAIR: Final = late(rf"(\w{{1,40}})(?: \(higher is better\))? ?: ({NUM})")
_EVAL_NAMES: Final = {
    "ppl": "eval_perplexity",
    "loss": "eval_loss",
    "acc": "eval_accuracy",
    "chosen": "eval_reward_chosen",
    "rejected": "eval_reward_rejected",
    "chosen_last_scores": "eval_reward_chosen",
    "rejected_last_scores": "eval_reward_rejected",
}
_EVAL_LINES: Final = 3
"""So many lines after `***** Evaluating` may hold its result (warnings come between)."""


class DeepSpeedParser(ConsoleParser):
    """Lines of the engine and of DeepSpeed-Chat."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._step = 0.0
        self._micro_steps = 0.0
        """Up to the evaluation that goes on: where it stands if no line tells a step."""
        self._batches = 0.0
        self._evaluating = 0

    def record(self, text: str) -> bool:
        if self._evaluating:
            self._evaluating -= 1
            if self._evaluation(text):
                return True
        if "step=" in text or "[launch.py:" in text:
            return self._engine(text)
        if "average reward score" in text and (found := _REWARD.search(text)):
            self.add({"average_reward_score": float(found[1])}, self._step)
            return True
        if "steps: " in text and (found := _PIPELINE.search(text)):
            self._step = float(found[1])
            pairs = _PIPELINE_PAIR.finditer(found[2])
            self.add({pair[1]: float(pair[2]) for pair in pairs}, self._step)
            return True
        if "epoch: " in text and (found := _PPO.search(text)):
            return self._ppo(text, found)
        if "poch" in text or "saving the final model" in text:
            return self._epoch(text)
        return False

    def _engine(self, text: str) -> bool:
        if "step=" not in text:
            return self._ends(text)
        if found := _LOG_DIST.search(text):
            self._step = float(found[1])
            self.add({"lr": float(found[3]), "skipped": float(found[2])}, self._step)
            return True
        if found := _TIMER.search(text):
            self._step = float(found[1])
            self.add({"samples_per_second": float(found[2])}, self._step)
            return True
        return False

    def _ends(self, text: str) -> bool:
        if "[launch.py:" in text and "exits successfully" in text:
            self.info.finished = True
        return False

    def _ppo(self, text: str, match: re.Match[str]) -> bool:
        values: dict[str, float] = {}
        for field in text[match.end() :][:1000].replace(",", "|").split("|"):
            found = _PPO_PAIR.match(field)
            value = number(found[2]) if found else None
            if found and value is not None and found[1] != "ppo_ep":
                values[found[1]] = value
        if not values:
            return False
        epoch = float(match[1])
        self._step = epoch * self._batches + float(match[2])
        self.add(values, self._step, epoch)
        return True

    def _epoch(self, text: str) -> bool:
        if found := _PRINT_LOSS.search(text):
            if found[3] != "0":
                return False
            self._step = float(found[1]) * self._batches + float(found[2])
            self.add({"loss": float(found[4])}, self._step)
            return True
        if found := _BEGIN.search(text):
            self.info.total_epochs = float(found[2])
            self._batches = float(found[3])
        elif found := _EVALUATING.search(text):
            self._evaluating = _EVAL_LINES
            self._micro_steps = float(found[1]) * self._batches
        elif found := _EPOCH_LOSS.search(text):
            self.add({"epoch_loss": float(found[3])}, self._step, float(found[1]))
            return True
        elif text.startswith("saving the final model"):
            self.info.finished = True
        return False

    def _evaluation(self, text: str) -> bool:
        values = {}
        for pair in _EVAL_PAIR.finditer(text[:400]):
            name = _EVAL_NAMES.get(pair[1])
            if name:
                values[name] = float(pair[2])
        if not values:
            return False
        self._evaluating = 0
        if not self._step and self._micro_steps:
            self.info.steps_estimated = True
        self.add(values, self._step or self._micro_steps)
        return True


class DeepSpeed(ConsoleFormat):
    """Console of DeepSpeed and DeepSpeed-Chat.

    The engine's `step=` lines alone are no sign of it: other trainers run on
    the engine and print the losses themselves.
    """

    name = "deepspeed"
    title = "DeepSpeed and DeepSpeed-Chat console"
    sample = (
        "steps: 100 loss: 0.0585 iter time (s): 0.186 samples/sec: 53.694\n"
        "[2026-04-18 01:51:12,730] [INFO] [logging.py:96:log_dist] [Rank 0] step=350, skipped=6,"
        " lr=[9.598e-06], mom=[(0.9, 0.95)]\n***** Evaluating perplexity, Epoch 1/16 *****\n"
        "ppl: 2.0179834365844727"
    )
    needles = ("steps: ", "***** Evaluating ", "act_loss: ")
    signature = late(
        rf"\*\*\*\*\* Evaluating (?:perplexity|rewards?), Epoch {STEP}/{STEP}"
        rf"|(?<![\w\"'`])steps: {STEP} loss: {NUM} (?:[a-z ]{{1,30}}: {NUM} ){{0,5}}iter time"
        rf"|epoch: {STEP} ?[|,] ?step: {STEP} ?[|,] ?(?:ppo_ep: {STEP} ?[|,] ?)?act_loss: {NUM}"
    )
    parser_class = DeepSpeedParser


FORMAT = DeepSpeed()
