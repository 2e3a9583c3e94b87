"""Numbers that stand in for NaN, infinity and empty cells on the way through a strict JSON decoder.

Diverged runs log them in every row, and a decoder that stops at the first one
would leave such logs to the slow way. Their digits and exponents are small
enough for the decoder's quick way, and no log holds them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lossmon.model.batch import FloatArray

NAN: Final = b"8123456789012345e15"
INFINITY: Final = b"9007199254740881e15"
EMPTY: Final = b"7123456789012345e15"

_NAN_VALUE: Final = float(NAN)
_INFINITY_VALUE: Final = float(INFINITY)
_EMPTY_VALUE: Final = float(EMPTY)


def absent(data: bytes) -> bool:
    """Say whether neither stand-in is in the data by itself."""
    return NAN not in data and INFINITY not in data


def count(values: FloatArray) -> tuple[int, int]:
    """Return how many of the values stand in for NaN and for an infinity.

    To be held against the number of words that were replaced: a word that was
    part of something else (`nan0`, a text) has become another number, or none.
    """
    return (
        int(np.count_nonzero(values == _NAN_VALUE)),
        int(np.count_nonzero(np.abs(values) == _INFINITY_VALUE)),
    )


def restore(values: FloatArray) -> None:
    """Put back, in place, what the stand-ins stand for."""
    values[values == _NAN_VALUE] = np.nan
    infinite = np.abs(values) == _INFINITY_VALUE
    values[infinite] = np.copysign(np.inf, values[infinite])


def blank(values: FloatArray, empty: int) -> bool:
    """Put NaN, in place, where the `empty` empty cells were; False if they are not so many.

    Then a number of the log is the same as the stand-in, however it was spelled.
    """
    found = values == _EMPTY_VALUE
    values[found] = np.nan
    return int(np.count_nonzero(found)) == empty
