r"""The shape of a line of free text: the line with its numbers taken out.

Lines that one statement printed share a shape. Its expression matches whole
blocks of such lines at once.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.formats._log_prefix import EXPRESSION as PREFIX
from lossmon.formats.general_layout import Layout
from lossmon.formats.pairs import NUMBER

# A digit inside a name (`top1`, `Acc@5`, `v1.2`) is part of the name, but for glued counters
# and losses (`loss0.531`).
# What a number can begin with is asked first: it is not met at most places of a line.
_NUMBERS: Final = late(
    r"((?=[-+.\dnNiI])(?:(?<![\w@.])|(?<=[第pPhHrRkKsS])"
    r"(?:(?<=第)|(?i:(?<=step)|(?<=epoch)|(?<=iter)|(?<=rank)|(?<=loss)(?=\d{1,6}+\.\d))))"
    rf"{NUMBER})"
)
_GAPS: Final = late(r"[ \t]{2,}+|\t")
_BAR: Final = late(r"%\|[^|]*+\|")
_SPACES: Final = r"[ \t]{1,64}+"
_ALIGNING: Final = tuple("([{<|/:=,;")
_ALIGNED: Final = late(r"(?:([(\[{<|/:=,;])[ \t]|[ \t])\0")


def split_numbers(line: str) -> list[str]:
    """Return text, number, text, number, …, text; blanks between texts count as one or a tab."""
    if "%|" in line:
        line = _BAR.sub("%", line)
    if "  " in line or "\t" in line:
        line = _GAPS.sub("\t", line)
    return _NUMBERS.split(line.strip(" \t"))


def shape_of(parts: list[str]) -> str:
    """Return the shape of a split line: its texts, joined by NUL where numbers stood.

    Blanks that only align a number (`[  10/ 100]`) are left out.
    """
    shape = "\0".join(parts[::2])
    return _ALIGNED.sub(_aligned, shape) if " \0" in shape or "\t\0" in shape else shape


def _aligned(match: re.Match[str]) -> str:
    return f"{match[1]}\0" if match[1] else " \0"


def _like(value: str, metric: bool) -> str:
    """Return an expression for numbers printed as `value` was (a metric may look otherwise)."""
    if value.isdigit() and not metric:
        return r"\d{1,15}+"
    if not value.lstrip("+-")[:1].isdigit() or "," in value:
        return NUMBER
    if "." in value:
        return r"[-+]?\d{1,15}+\.\d{0,20}+(?:[eE][-+]?\d{1,4}+)?+"
    return r"[-+]?\d{1,15}+(?:\.\d{0,20}+)?+(?:[eE][-+]?\d{1,4}+)?+"


def expression(
    shape: str, layout: Layout, sample: list[str], wide: bool, prefixed: bool
) -> re.Pattern[str]:
    """Return the expression that matches a whole line of this shape, one group a used number.

    It is narrower than the shape (numbers look as in `sample`, a line's numbers), since that
    is matched several times as fast; lines that it misses are read one by one. `wide`: it is
    as wide as the shape, for numbers that changed their looks. Every text in it is literal
    and every repetition possessive: linear time.
    """
    texts = shape.split("\0")
    wanted = set(layout.used)
    counters = wanted - {index for index, _ in layout.metrics}
    pieces = [rf"^(?:{PREFIX})" if prefixed else "^", r"[ \t]{0,64}+"]
    for index, text in enumerate(texts):
        before_number = index < len(texts) - 1
        body = text[:-1] if before_number and text.endswith((" ", "\t")) else text
        for run in re.split(r"(\t)", body):
            pieces += [r"(?:[ \t]{2,64}+|\t)" if run == "\t" else re.escape(run)]
        if before_number:
            if body.endswith(_ALIGNING):
                pieces.append(r"[ \t]{0,64}+")
            elif body != text:
                pieces.append(_SPACES)
            number = NUMBER if wide else _like(sample[index], index in wanted - counters)
            pieces.append(f"({number})" if index in wanted else f"(?:{number})")
    pieces.append(r"[ \t]{0,64}+\n")
    return re.compile("".join(pieces), re.MULTILINE)
