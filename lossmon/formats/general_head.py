"""The lines of a head that are worth a look by the general reader, found without reading all."""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.head import Head

_LOSS_LIKE: Final = (
    "loss", "nll", "perplex", "ppl", "cost", "objective", "rmse", "mse", "mae", "error", "reward",
    "return", "bpb", "entropy", "xent", "score", "accura", " l_", "损失", "손실",
    "val=", "val:", "valid=", "valid:",
)  # fmt: skip
_SNIFF_LINES: Final = 250
"""Lines with a number that are tried: enough for a report to come back three times."""
_DIGIT: Final = late(r"\d")


def lines_like_loss(text: str) -> list[str]:
    """Return the first lines with a number and a word that a report of training may hold."""
    lowered = text.lower()
    if len(lowered) != len(text):
        text = lowered  # letters that have no small form of one character
    places: dict[int, int] = {}
    looked = Head(lowered.encode("utf-8", "surrogatepass"))
    for word in _LOSS_LIKE:
        at = lowered.find(word) if looked.may_hold(word) else -1
        found = 0
        while at >= 0 and found < _SNIFF_LINES:
            end = lowered.find("\n", at)
            end = len(lowered) if end < 0 else end
            places[lowered.rfind("\n", 0, at) + 1] = end
            at = lowered.find(word, end)
            found += 1
    lines = (text[start:end] for start, end in sorted(places.items()))
    return [line for line in lines if _DIGIT.search(line) is not None][:_SNIFF_LINES]
