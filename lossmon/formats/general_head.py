"""The lines of a head that are worth a look by the general reader, found without reading all."""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.head import Head, Needles

_LOSS_LIKE: Final = tuple(name.encode() for name in (
    "loss", "nll", "perplex", "ppl", "cost", "objective", "rmse", "mse", "mae", "error", "reward",
    "return", "bpb", "entropy", "xent", "score", "accura", " l_", " l=", " l: ", "[l1:", " l1:",
    "l1=", "obj=", "err_", "objf:", " ce = ",
    "bce", "verlust", "perte", "perda", "perdita",
    "损失", "損失", "손실", "потери", "pérdida",
    "val=", "val:", "valid=", "valid:", " val ", " valid ", " trn", " vld",
))  # fmt: skip
_COUNTERS: Final = (b"epoch", b"step", b"iter")
_CASES: Final = {
    word: tuple({form(word.decode()) for form in (str.lower, str.title, str.upper)})
    for word in _LOSS_LIKE + _COUNTERS
}
"""How a word is written."""
_WRITTEN: Final = Needles(case for cases in _CASES.values() for case in cases)
_SNIFF_LINES: Final = 250
"""Lines with a number that are tried: enough for a report to come back three times."""
_LONGEST: Final = 4000
"""Bytes of a line; a longer one is a list of things, and takes milliseconds to take apart."""
_LONGEST_HEADING: Final = 140
_MOST_HEADINGS: Final = 40
_DIGIT: Final = late(rb"\d")


def _headings(lowered: bytes, absent: frozenset[str]) -> dict[int, int]:
    """Return where short lines with a counter begin and end: `100/100 - loss: 0.5` counts by the
    epoch, `  train/loss=0.5` by the step that was said before.
    """
    found: dict[int, int] = {}
    for word in _COUNTERS:
        if absent.issuperset(_CASES[word]):
            continue
        at = lowered.find(word)
        last = len(found) + _MOST_HEADINGS
        for _ in range(_SNIFF_LINES):
            if at < 0 or len(found) >= last:
                break
            start = lowered.rfind(b"\n", 0, at) + 1
            end = lowered.find(b"\n", at)
            end = len(lowered) if end < 0 else end
            if end - start <= _LONGEST_HEADING:
                found[start] = end
            at = lowered.find(word, end)
    return found


def lines_like_loss(head: Head) -> list[str]:
    """Return the first lines with a number and a word that a report of training may hold."""
    encoded, lowered = head.encoded, head.encoded.lower()
    absent = _WRITTEN.absent(head)
    places: dict[int, int] = {}
    for word in _LOSS_LIKE:
        if absent.issuperset(_CASES[word]):
            continue
        at = lowered.find(word)
        found = 0
        while at >= 0 and found < _SNIFF_LINES:
            end = lowered.find(b"\n", at)
            end = len(lowered) if end < 0 else end
            places[lowered.rfind(b"\n", 0, at) + 1] = end
            at = lowered.find(word, end)
            found += 1
    places.update(_headings(lowered, absent))
    lines = sorted((start, end) for start, end in places.items() if end - start <= _LONGEST)
    pieces = (encoded[start:end] for start, end in lines)
    with_number = [piece for piece in pieces if _DIGIT.search(piece) is not None][:_SNIFF_LINES]
    return [piece.decode("utf-8", "surrogatepass") for piece in with_number]
