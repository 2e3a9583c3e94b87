"""PaddlePaddle's toolkits: Detection, Clas, OCR, Seg, NLP, and `Model.fit` of the high-level API.

Each prints `name: value` pairs behind a head of its own that says epoch and
iteration; evaluations name no step and belong to the last one.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Sniff
from lossmon.formats.console import (
    MAX_SNIFFED_LINES,
    NUM,
    ConsoleFormat,
    ConsoleParser,
    count_lines,
    reason,
)
from lossmon.formats.head import Head
from lossmon.formats.pairs import explicit_pairs

_DETECTION: Final = late(r"Epoch: \[(\d{1,9})\] \[ {0,9}(\d{1,12})/(\d{1,12})\] ")
_CLAS: Final = late(
    r"\[(Train|Eval)\]\[Epoch (\d{1,9})(?:/(\d{1,9}))?\]"
    r"\[(?:Iter: {0,9}(\d{1,12})/(\d{1,12})|(Avg))\]"
)
_OCR: Final = late(r"epoch: \[(\d{1,9})/(\d{1,9})\], (?:global_step|iter): (\d{1,15}), ")
_SEG: Final = late(r"\[TRAIN\] {0,4}epoch: {0,4}(\d{1,9}), iter: {0,4}(\d{1,15})/(\d{1,15}), ")
_EVAL: Final = late(r"\[EVAL\] #Images: \d{1,12} |cur metric, ")
_NLP: Final = late(r"(?<![\w ])global step (\d{1,15}), epoch: (\d{1,9}), batch: (\d{1,12}), ")
_TRAINER: Final = late(r"(?=[^\n]{0,300}\bglobal_step: (\d{1,15}),)(?:^|- +|INFO: )(?=loss: )")
_EVAL_LOSS: Final = late(r"(?<![\w/])(?:(?=eval_loss: )|eval (?=loss: ))")
_AP: Final = late(
    r"Average Precision {1,3}\(AP\) @\[ IoU=0\.50:0\.95 \| area= {1,4}all \| maxDets=\d{1,4} \] = "
    r"(-?\d\.\d{1,6})|\bmAP\(\d\.\d{1,4}, \w{1,20}\) = (\d{1,3}\.\d{1,6})%"
)
"""The mean over all classes, as the tools of COCO and of VOC print it."""
_FIT_EPOCH: Final = late(r"Epoch (\d{1,9})/(\d{1,9})\s*\Z")
_FIT: Final = late(r"step {1,9}(\d{1,12})/(\d{1,12})(?: \[[=>.]{1,80}\])? - ")
_FIT_LINE: Final = late(
    rf"^step {{1,9}}\d{{1,12}}/\d{{1,12}}(?: \[[=>.]{{1,80}}\])? - loss: {NUM}", re.MULTILINE
)
_LR: Final = late(r"\blr\(\w{1,60}\):")
_NOT_METRICS: Final = frozenset(
    [
        "eta",
        "batch_cost",
        "data_cost",
        "reader_cost",
        "avg_reader_cost",
        "avg_batch_cost",
        "avg_samples",
        "interval_runtime",
        "global_step",
        "epoch",
        "batch",
        "iter",
        "max_mem_reserved",
        "max_mem_allocated",
        "time",
    ]
)


class PaddleParser(ConsoleParser):
    """Iterations are counted over the run."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._step = 0
        self._epoch: float | None = None
        self._length = 0
        self._evaluating = False

    def record(self, text: str) -> bool:
        return self._iterations(text) or self._evaluations(text) or self._fit(text)

    def _iterations(self, text: str) -> bool:
        if match := _DETECTION.search(text):
            epoch, batch, self._length = int(match[1]), int(match[2]), int(match[3])
            return self._train(text, match.end(), epoch * self._length + batch + 1, epoch)
        if match := _CLAS.search(text):
            return self._clas(text, match)
        if match := _OCR.search(text):
            self.info.total_epochs = float(match[2])
            return self._train(text, match.end(), int(match[3]), int(match[1]))
        if match := _SEG.search(text):
            self.info.total_steps = float(match[3])
            return self._train(text, match.end(), int(match[2]), int(match[1]))
        if match := _NLP.search(text):
            return self._train(text, match.end(), int(match[1]), int(match[2]))
        if "global_step: " in text and (match := _TRAINER.search(text)):
            pairs = dict(explicit_pairs(text[match.end() :]))
            return self._train(text, match.end(), int(match[1]), pairs.get("epoch"))
        return False

    def _clas(self, text: str, match: re.Match[str]) -> bool:
        epoch = int(match[2])
        if match[3]:
            self.info.total_epochs = float(match[3])
        if match[1] == "Train" and match[4]:
            self._length = int(match[5])
            step = (epoch - 1) * self._length + int(match[4]) + 1
            return self._train(text, match.end(), step, epoch)
        if not match[6]:
            return False  # one batch of an evaluation
        prefix = "eval" if match[1] == "Eval" else "epoch_train"
        return self._row(text[match.end() :], prefix, epoch * self._length or epoch, epoch)

    def _evaluations(self, text: str) -> bool:
        if match := _EVAL.search(text):
            return self._row(text[match.end() :], "eval", self._step, self._epoch)
        if "AP" in text and (match := _AP.search(text)):
            share = float(match[1]) if match[1] else float(match[2]) / 100
            if self._step and share >= 0:
                self.add({"eval/mAP": share}, self._step, self._epoch)
            return True
        if "eval" in text and (match := _EVAL_LOSS.search(text)):
            said = "" if text.startswith("eval_", match.end()) else "eval"
            return self._row(text[match.end() :], said, self._step, self._epoch)
        return False

    def _fit(self, text: str) -> bool:
        if match := _FIT_EPOCH.match(text):
            self._epoch, self._evaluating = float(match[1]), False
            self.info.total_epochs = float(match[2])
            return True
        if text.startswith("Eval begin"):
            self._evaluating = True
        match = _FIT.match(text)
        if match is None or self._epoch is None:
            return False
        batch, batches = int(match[1]), int(match[2])
        if self._evaluating:
            return batch == batches and self._row(
                text[match.end() :], "eval", self._step, self._epoch
            )
        step = int((self._epoch - 1) * batches) + batch
        if step == self._step:
            return True  # the last bar of an epoch is drawn twice
        return self._train(text, match.end(), step, self._epoch)

    def _train(self, text: str, start: int, step: int, epoch: float | None) -> bool:
        self._step, self._epoch = step, epoch
        return self._row(text[start:], "", step, epoch)

    def _row(self, text: str, prefix: str, step: int, epoch: float | None) -> bool:
        before = f"{prefix}/" if prefix else ""
        values = {
            before + name: value
            for name, value in explicit_pairs(_LR.sub("lr:", text))
            if name not in _NOT_METRICS
        }
        if values:
            self.add(values, step, epoch)
        return bool(values)


class Paddle(ConsoleFormat):
    """Console of PaddleDetection, PaddleClas, PaddleOCR, PaddleSeg, PaddleNLP and `Model.fit`."""

    name = "paddle"
    title = "PaddlePaddle toolkits' console"
    sample = (
        "[2022/01/01 12:00:00] ppcls INFO: [Train][Epoch 1/120][Iter: 0/5004]"
        "lr(LinearWarmup): 0.00001999, CELoss: 7.12345, loss: 7.12345, batch_cost: 1.04s\n"
        "2022-01-01 12:00:00 [INFO]\t[TRAIN] epoch: 1, iter: 10/80000, loss: 2.9104, lr: 0.009999"
    )
    needles = (
        "ppdet",
        "ppcls",
        "ppocr",
        "[TRAIN]",
        "global step ",
        "[Train][Epoch ",
        "global_step: ",
        " - loss: ",
    )
    confidence = 0.94
    signature = late(
        r"ppdet[\w.]{0,40} INFO: Epoch: \[\d{1,9}\] \[ {0,9}\d{1,12}/\d{1,12}\] "
        r"|\[Train\]\[Epoch \d{1,9}/\d{1,9}\]\[Iter: {0,9}\d{1,12}/\d{1,12}\]"
        rf"|epoch: \[\d{{1,9}}/\d{{1,9}}\], (?:global_step|iter): \d{{1,15}}, "
        rf"[^\n]{{0,200}}loss: {NUM}"
        rf"|\[TRAIN\] {{0,4}}epoch: {{0,4}}\d{{1,9}}, iter: {{0,4}}\d{{1,15}}/\d{{1,15}}, "
        rf"loss: {NUM}"
        rf"|(?<![\w ])global step \d{{1,15}}, epoch: \d{{1,9}}, batch: \d{{1,12}}, "
        rf"[^\n]{{0,60}}loss: {NUM}"
        rf"|(?:^|- {{1,4}}|INFO: )loss: {NUM}, learning_rate: {NUM}, global_step: \d{{1,15}}, ",
        re.MULTILINE,
    )
    parser_class = PaddleParser

    def judge(self, head: Head) -> Sniff | None:
        # ` - loss: ` stands in every line of Keras, too: these are tried with their own alone.
        *others, fit = self.needles
        found, first = count_lines(self.signature, head, others)
        more, other = count_lines(_FIT_LINE, head, (fit,), at_start=True)
        found = min(found + more, MAX_SNIFFED_LINES)
        return Sniff(self.confidence, reason(found, first or other)) if found else None


FORMAT = Paddle()
