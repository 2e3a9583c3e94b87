"""MLPerf training logs: `:::MLLOG {…}` records among the lines of whatever trained.

The records hold the evaluations (`eval_accuracy`, `eval_error`) and tracked
numbers; the losses stand in the other lines, which the general reader takes.
Old records are `:::MLL time key: {…}` and `:::MLPv0.5.0 name time (file) key: …`.
"""

from __future__ import annotations

import json
from typing import Final, TypeGuard

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import ConsoleFormat
from lossmon.formats.general import GeneralParser
from lossmon.formats.pairs import NUMBER, to_float

_OLD: Final = late(
    r"(?::::MLP?L?[\w.]{0,12} |MLPerf: ).{0,300}?"
    r"\b(eval_accuracy|eval_error|eval_loss|train_loss): (.{1,2000})"
)
_VALUE: Final = late(rf'"value": "?({NUMBER})')
_EPOCH: Final = late(rf'"epoch(?:_num)?": ({NUMBER})')
_COUNTERS: Final = ("step", "step_num", "iteration", "samples_count")
_EPOCHS: Final = ("epoch_num", "epoch_count")
_MAX_RECORD: Final = 8192


class MLPerfParser(GeneralParser):
    """Records of MLPerf's logger, then the general reader.

    A record that counts epochs alone, after others that count steps or samples,
    stands where they had got to: else losses and evaluations would have two axes.
    """

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._reached: float | None = None
        self._evaluations = 0

    def record(self, text: str) -> bool:
        at = text.find(":::ML")
        if at < 0 and text.startswith("MLPerf: "):
            at = 0
        if at < 0:
            return super().record(text)
        if len(text) - at > _MAX_RECORD:
            return False
        if text.startswith(":::MLLOG {", at):
            return self._json(text[at + 9 :])
        match = _OLD.search(text, at)
        value = _VALUE.search(match[2]) if match else None
        if match is None or value is None:
            return False
        epoch = _EPOCH.search(match[2])
        self._evaluations += 1
        where = to_float(epoch[1]) if epoch else float(self._evaluations)
        if not abs(where) < 1e15:
            return False
        self.add({match[1]: to_float(value[1])}, where, where if epoch else None)
        return True

    def _json(self, text: str) -> bool:
        try:
            found = json.loads(text[: text.rfind("}") + 1])
        except (ValueError, RecursionError):
            self.bad_records += 1
            return False
        key, value, meta = found.get("key"), found.get("value"), found.get("metadata")
        meta = meta if isinstance(meta, dict) else {}
        if key == "run_stop":
            self.info.finished = meta.get("status") == "success"
            self.info.crashed = meta.get("status") == "aborted"
            return False
        if key == "submission_benchmark" and isinstance(value, str):
            self.fact("benchmark", value)
        where = next((x for x in map(meta.get, _COUNTERS) if _is_number(x)), None)
        if where is None:
            where = next((x for x in map(meta.get, _EPOCHS) if _is_number(x)), None)
            if where is not None and self._reached is not None:
                where = self._reached
        elif abs(where) < 1e15:
            self._reached = float(where)
        if where is None or not isinstance(key, str) or not abs(where) < 1e15:
            return False
        if key in ("eval_accuracy", "eval_error", "eval_loss", "train_loss") and _is_number(value):
            values = {key: float(value)}
        elif key == "tracked_stats" and isinstance(value, dict):
            values = {f"tracked/{name}": float(x) for name, x in value.items() if _is_number(x)}
        else:
            return False
        epoch = meta.get("epoch_num")
        time = found.get("time_ms")
        self.rows.add(
            values,
            float(where),
            float(epoch) if _is_number(epoch) and abs(epoch) < 1e6 else None,
            time / 1000 if _is_number(time) and 1e12 < time < 4e12 else None,
        )
        return True


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class MLPerf(ConsoleFormat):
    """Result files of MLPerf training."""

    name = "mlperf"
    title = "MLPerf training log (:::MLLOG)"
    sample = (
        ':::MLLOG {"namespace": "", "time_ms": 1652312266627, "event_type": "POINT_IN_TIME",'
        ' "key": "eval_accuracy", "value": 0.399, "metadata": {"epoch_num": 4}}'
    )
    needles = (":::ML", "MLPerf: ")
    confidence = 0.9
    signature = late(
        r":::MLLOG \{\"namespace\": |:::MLL \d{1,12}\.\d{1,9} \w{1,80}: |:::MLPv\d[\d.]{1,8} \w"
        r"|MLPerf: \w{1,40} \[\d\d/\d\d/\d\d \d\d:\d\d:\d\d\], \w"
    )
    parser_class = MLPerfParser


FORMAT = MLPerf()
