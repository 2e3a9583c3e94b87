"""The lines of a head that are worth a look by the general reader, found without reading all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.head import Head, Needles, finder

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


def lines_like_loss(head: Head) -> list[str]:
    """Return the first lines with a number and a word that a report of training may hold.

    Short lines with a counter are among them: `100/100 - loss: 0.5` counts by the epoch,
    `  train/loss=0.5` by the step that was said before.
    """
    encoded, lowered = head.encoded, head.encoded.lower()
    absent = _WRITTEN.absent(head)
    places: dict[int, int] = {}
    for word in _LOSS_LIKE:
        if not absent.issuperset(_CASES[word]):
            places.update(_lines_with(word, lowered))
    headings: dict[int, int] = {}
    for word in _COUNTERS:
        if not absent.issuperset(_CASES[word]):
            last = len(headings) + _MOST_HEADINGS
            for start, end in _lines_with(word, lowered):
                if end - start <= _LONGEST_HEADING:
                    headings[start] = end
                    if len(headings) >= last:
                        break
    places.update(headings)
    lines = sorted((start, end) for start, end in places.items() if end - start <= _LONGEST)
    pieces = (encoded[start:end] for start, end in lines)
    with_number = [piece for piece in pieces if _DIGIT.search(piece) is not None][:_SNIFF_LINES]
    return [piece.decode("utf-8", "surrogatepass") for piece in with_number]


def _lines_with(word: bytes, lowered: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the first lines that hold a word begin and end."""
    find = finder(word)
    at = find(lowered, 0)
    for _ in range(_SNIFF_LINES):
        if at < 0:
            return
        end = lowered.find(b"\n", at)
        end = len(lowered) if end < 0 else end
        yield lowered.rfind(b"\n", 0, at) + 1, end
        at = find(lowered, end)
