"""`stats.jsonl` of NVIDIA's image generators (StyleGAN2-ADA, StyleGAN3, EDM and their forks).

Each metric is an object of how many numbers were reported since the last line, their mean and
their standard deviation. The step is the number of images seen (`Progress/kimg` thousands).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lossmon.formats.base import Context, Parser, Sniff
from lossmon.formats.head import Head
from lossmon.formats.json_lines import JsonLinesParser
from lossmon.formats.json_text import number
from lossmon.formats.jsonl import JsonLinesFormat

_STEPS: Final = {"Progress/kimg": 1e3, "Progress/nimg": 1.0, "Progress/tick": 1.0}
"""What counts, the surest first, with how many images (else ticks) one is."""
_SIGNS: Final = "Loss/signs/"
"""Not losses: on which side of 0 the discriminator put the images."""
_MOST: Final = 1e15
_STATISTICS: Final = {"num", "mean", "std"}


def _mean(value: object) -> float | None:
    return number(value.get("mean")) if isinstance(value, Mapping) else None


class NvlabsStatsParser(JsonLinesParser):
    """Takes the means."""

    fast = False

    def fields(self, record: dict[str, Any]) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, value in record.items():
            mean = _mean(value)
            if mean is not None:
                found[name.replace(_SIGNS, "signs/")] = mean
        steps = (found.pop(name) * scale for name, scale in _STEPS.items() if name in found)
        step = next(steps, None)
        when = number(record.get("timestamp"))
        if step is None or not found or not abs(step) < _MOST:
            return {}
        stamp = {} if when is None else {"timestamp": when}
        return {"step": float(round(step)), **stamp, **found}


class NvlabsStats(JsonLinesFormat):
    """Records of such objects, beside a time stamp."""

    name = "nvlabs-stats"
    title = "stats.jsonl of StyleGAN2-ADA, StyleGAN3 and EDM"
    sample = '{"Loss/loss": {"num": 100, "mean": 0.31, "std": 0.1}, "timestamp": 1.7e9}'
    needles = ('"Progress/',)

    def parser(self, context: Context | None = None) -> Parser:
        return NvlabsStatsParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        records = Head.of(head).records
        if not records or not any(name in records[0] for name in _STEPS):
            return None
        objects = [value for value in records[0].values() if isinstance(value, dict)]
        if not all(value.keys() <= _STATISTICS and "mean" in value for value in objects):
            return None
        return Sniff(
            0.9, "JSON lines of objects with num, mean and std, and a Progress/ among them"
        )


FORMAT = NvlabsStats()
