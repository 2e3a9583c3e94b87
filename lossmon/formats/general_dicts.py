"""Names and numbers printed as Python or Julia values: over several lines, or as a tuple.

`pprint` and TensorFlow's loops break a dictionary into a line an entry:

    {'learning_rate': 0.0003,
     'loss': 2.31,
     'step': 120}

and Julia's `@show epoch, loss` prints `(epoch, loss) = (3, 0.53)`.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._counts import with_whole_counts
from lossmon.formats._late import late

_MAX_LINES: Final = 60
"""Of a dictionary; a longer one is no report."""
_OPENS: Final = late(
    r"(?:[\w ]{0,40}:)?\{\s{0,8}(?:['\"][^'\"]{1,80}['\"]: [^{}]{1,120},\s{0,4})?\Z"
)
_ENTRY: Final = late(r"\s{0,20}(?:['\"][^'\"{}]{1,120}['\"]: [^{}]{1,120}\}?,?|\})\s{0,8}\Z")
_TUPLE: Final = late(r"\(([\w ,./]{3,200})\) = \(([^()=]{3,400})\)\s{0,8}\Z")
_FORTRAN: Final = late(r"(?<=\d)D(?=[+-]\d\d(?!\d))")
"""An exponent as Fortran prints it, and so L-BFGS-B: `6.93147D-01`."""
_SCALAR: Final = late(r"\bTensor (?:Float|Double|Half) \[\] {0,4}(?=[-\d])")
"""What hasktorch's `show` puts before a number: `Tensor Float []  0.5312`."""
_COUNTED: Final = late(
    r"(?<![\w.])(\d{1,9}(?:\.\d{1,4})?)([kM]?)it/(\d{1,9}(?:\.\d{1,4})?)([kM]?)it(?= )"
)
_SCALES: Final = {"": 1, "k": 1000, "M": 1_000_000}


def opens_dict(text: str) -> bool:
    """Say whether a line begins a dictionary that it does not end."""
    return "{" in text and "}" not in text and _OPENS.match(text) is not None


def continues_dict(text: str, lines: int) -> bool:
    """Say whether a line is an entry, or the end, of a dictionary of so many lines."""
    return lines < _MAX_LINES and _ENTRY.match(text) is not None


def plain(text: str) -> str:
    """Return a line with its tuples, short counts and Fortran's exponents written out.

    `(epoch, loss) = (3, 0.53)` as `epoch = 3, loss = 0.53`; and
    `Progress on:train 1.20kit/5.00kit rate: …`, as `tqdm-loggable` prints
    bars, with whole counts.
    """
    if "D-0" in text or "D+0" in text:
        text = _FORTRAN.sub("E", text)
    if "Tensor " in text:
        text = _SCALAR.sub("", text)
    if ") = (" in text and (match := _TUPLE.match(text.strip(" "))):
        names, values = match[1].split(","), match[2].split(",")
        if len(names) == len(values):
            pairs = zip(names, values, strict=True)
            return ", ".join(f"{name.strip()} = {value.strip()}" for name, value in pairs)
    if "it/" in text and " rate:" in text:
        return _COUNTED.sub(_whole_count, text)
    return with_whole_counts(text)


def _whole_count(match: re.Match[str]) -> str:
    done, total = float(match[1]) * _SCALES[match[2]], float(match[3]) * _SCALES[match[4]]
    return f"step {round(done)}/{round(total)}"
