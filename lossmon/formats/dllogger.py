"""NVIDIA's DLLogger: the JSON lines of its file, and the lines that it prints.

Both say where training stands with a list: `[epoch, iteration]`, `[epoch]` for the means of an
epoch, `[]` for the summary at the end, `[epoch, iteration, i]` for one batch of an evaluation
(or the iterations of an epoch, where the numbers are those of training).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Sniff
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.general_layout import Layout
from lossmon.formats.general_names import EVAL_WORDS
from lossmon.formats.general_track import MAX_EPOCH, MAX_STEP, Track
from lossmon.formats.json_text import loads, number
from lossmon.model.roles import words

_JSON: Final = "DLLL {"
_COUNT: Final = r"\d{1,15}"
_PRINTED: Final = late(
    r"DLL \d{4}-\d\d-\d\d \d\d:\d\d:\d\d[\d.+:]{0,24} - "
    rf"(?:[(\[](?P<list>(?:{_COUNT}[, ]{{0,2}}){{0,4}})[)\]] "
    rf"|(?P<one>{_COUNT}) "
    rf"|(?P<words>(?:(?:Training |Validation )?(?:Epoch|Iteration): {_COUNT} {{1,2}}){{1,3}}))"
)
_COUNTS: Final = late(_COUNT)
_PAIR: Final = late(rf"(?<!\S)([A-Za-z_][\w./@-]{{0,80}}) : ({NUM})(?!\S)")


class DLLoggerParser(ConsoleParser):
    """Iterations are counted over the run, whether they begin anew in each epoch or do not."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._track = Track(Layout(step=0, epoch=1), [])
        self._step: float | None = None
        self._first: float | None = None
        self._length: float | None = None
        self._stepwise: set[str] = set()

    def record(self, text: str) -> bool:
        at = text.find(_JSON)
        if at >= 0:
            return self._json(text[at + len(_JSON) - 1 :])
        match = _PRINTED.search(text) if "DLL " in text else None
        if match is None:
            return False
        one = match["one"]
        counts = [
            float(count) for count in _COUNTS.findall(one or match["list"] or match["words"] or "")
        ]
        values = {name: float(value) for name, value in _PAIR.findall(text[match.end() :])}
        return self._reported(counts, values, one is not None)

    def _json(self, text: str) -> bool:
        said = loads(text)
        if not isinstance(said, dict):
            self.bad_records += 1
            return False
        step, data = said.get("step"), said.get("data")
        if said.get("type") != "LOG" or not isinstance(data, dict):
            return True
        counts = _counts_of(step)
        if counts is None:
            return True  # `PARAMETER`: what the run was started with
        values = {
            str(name): value for name, cell in data.items() if (value := number(cell)) is not None
        }
        return self._reported(counts, values, not isinstance(step, list))

    def _reported(self, counts: Sequence[float], values: dict[str, float], alone: bool) -> bool:
        """Add a record's numbers; `alone`: its counter stood in no list."""
        if not counts or not values:
            return True
        if not all(count < MAX_STEP for count in counts) or not counts[0] < MAX_EPOCH:
            self.bad_records += 1
            return True
        if len(counts) == 1:
            self._of_epoch(counts[0], values, alone)
            return True
        epoch, iteration = counts[:2]
        if len(counts) > 2 and _evaluates(values):
            # One batch of an evaluation is no point, but says how many iterations an epoch has.
            self._length = iteration + (self._first == 0)
            return True
        if self._first is None:
            self._first = iteration
        total = counts[2] if len(counts) > 2 and counts[2] >= iteration else self._length
        self._step = self._track.position(iteration, epoch, total)
        self.info.steps_estimated |= self._track.estimated
        self._stepwise.update(values)
        self.add(values, self._step, epoch)
        return True

    def _of_epoch(self, epoch: float, values: dict[str, float], alone: bool) -> None:
        if self._step is None:
            # No iterations beside it: the counter may be of either.
            self.add(values, epoch, None if alone else epoch)
            return
        named = {
            f"epoch/{name}" if name in self._stepwise else name: values[name] for name in values
        }
        self.add(named, self._step, epoch)


def _counts_of(step: Any) -> list[float] | None:
    """Return the counters that a record's `step` holds; None if it holds other things."""
    listed = step if isinstance(step, list) else [step]
    counts = [number(count) for count in listed[:4]]
    found = [count for count in counts if count is not None and count >= 0]
    return found if len(found) == len(counts) else None


def _evaluates(values: dict[str, float]) -> bool:
    return all(words(name)[:1] and words(name)[0] in EVAL_WORDS for name in values)


class DLLogger(ConsoleFormat):
    """Console and JSON file of NVIDIA's DeepLearningExamples and what is built on their logger."""

    name = "dllogger"
    title = "NVIDIA DLLogger (console and JSON lines)"
    sample = (
        'DLLL {"timestamp": "1709633472.3", "type": "LOG", "step": [0, 5], '
        '"data": {"train.loss": 0.85825}}\n'
        "DLL 2024-03-05 10:11:12.345678 - (0, 5) train.loss : 0.85825 "
    )
    needles = (_JSON, "DLL 20")
    confidence = 0.95
    signature = late(
        r'DLLL \{(?=[^\n]{0,6000}"type": ?"LOG")(?=[^\n]{0,6000}"step": ?(?:\[\d|\d))'
        rf"|{re.sub(r'[?]P<[a-z]+>', '?:', _PRINTED.pattern)}[A-Za-z_]"
    )
    parser_class = DLLoggerParser

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        # `nvlog.json` holds lines of its own, and is no JSON document.
        return super().sniff(head, "" if head.startswith(b"DLLL ") else filename)


FORMAT = DLLogger()
