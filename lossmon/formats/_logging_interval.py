"""How many steps lie between lines that say their epoch alone, and where such lines stand.

The Hugging Face Trainer logs every `logging_steps` steps and prints
`epoch = step / steps_per_epoch`, rounded (to 2 decimals by transformers 4, to 4
digits by 5). Epochs alone give the ratio of the two; that both are whole
numbers, which intervals people choose, and the learning rate, whose straight
line meets zero or a round number at step 1, make one interval the likeliest:

    P(interval, steps_per_epoch | lines) ~ P(interval) P(steps_per_epoch) P(rates | interval)

with P(steps_per_epoch) falling as 1/n, as lengths of any scale do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from lossmon.record import record

NEEDED: Final = 3
"""Training lines that are waited for: the first two intervals tell a first step apart."""

# How often people choose an interval (logging_steps): 10 and 500 are defaults of TRL and of
# transformers, 1 is what fine-tuning recipes for language models set.
_INTERVALS: Final = {
    1: 0.05, 2: 0.02, 3: 0.004, 4: 0.008, 5: 0.08, 6: 0.002, 7: 0.002, 8: 0.008, 10: 0.35,
    15: 0.004, 16: 0.004, 20: 0.06, 25: 0.05, 30: 0.01, 32: 0.004, 40: 0.008, 50: 0.08, 64: 0.004,
    100: 0.1, 128: 0.002, 200: 0.03, 250: 0.01, 256: 0.002, 500: 0.08, 1000: 0.02, 2000: 0.005,
    5000: 0.003, 10000: 0.002,
}  # fmt: skip
_FIRST_STEP: Final = 0.15
"""How often the first step is logged too (logging_first_step)."""
_RESUMED: Final = 0.02
"""How often a log begins in the middle of a run."""
_SHORT: Final = 30.0
"""Steps; epochs much shorter are rare."""
_LONGEST: Final = 1e7
_EVEN: Final = 1.5
"""How much commoner epochs of full tens of steps are: sizes of data sets are round."""
_STRAIGHT: Final = 50.0
"""How much likelier an interval is by which the learning rate begins at a round number: one rate
in so many does by chance."""
_WHOLE_EPOCHS: Final = 1e-9


@record
class Interval:
    """What was found: lines stand at multiples of `steps`; an epoch has about `per_epoch`."""

    steps: float
    per_epoch: float
    first: float
    """The step of the first line."""

    @property
    def epochs(self) -> float:
        """Epochs between two lines."""
        return self.steps / self.per_epoch


def rounding(epochs: Sequence[float]) -> float:
    """Return the decimals (as 0.01) that these epochs were rounded to; 0: to 4 digits."""
    return 0.01 if all(abs(100 * e - round(100 * e)) < 1e-6 for e in epochs) else 0.0


def quantum(epoch: float, decimals: float) -> float:
    """Return how far apart neighbouring printed epochs lie at `epoch`."""
    if decimals or epoch <= 0:
        return decimals or 1e-9
    return float(10.0 ** (math.floor(math.log10(epoch)) - 3))


def find(epochs: Sequence[float], rates: Sequence[float]) -> Interval:
    """Return the likeliest interval of the first training lines (one at least).

    `rates` are their learning rates, empty where a line has none.
    """
    decimals = rounding(epochs)
    gaps = [b - a for a, b in pairwise(epochs)] or [epochs[0]]
    if all(gap >= 1 and abs(gap - round(gap)) < _WHOLE_EPOCHS for gap in gaps):
        # Logged once an epoch: nothing tells how long it is, and epochs are counted.
        return Interval(1.0, 1.0 / gaps[0], 1.0)
    best = Interval(1.0, 1.0 / max(gaps[-1], 1e-6), 1.0)
    best_score = 0.0
    for steps, prior in _INTERVALS.items():
        for first, likely in (
            (float(steps), 1.0),
            (1.0, _FIRST_STEP if steps > 1 else 0.0),
            (None, _RESUMED),
        ):
            low, high = _lengths(epochs, steps, first, decimals)
            mass = _mass(low, high)
            if not mass or not likely:
                continue
            length = max(1.0, _middle(low, high))
            start = first
            if start is None:
                start = max(1.0, round(epochs[0] * length / steps)) * steps
            score = prior * likely * mass
            if rates and _begins_round(rates, _places(start, steps, len(rates))):
                score *= _STRAIGHT
            if score > best_score:
                best, best_score = Interval(float(steps), length, start), score
    return best


def _places(first: float, steps: float, count: int) -> list[float]:
    """Return the steps of the first lines: `first`, then the multiples of `steps` behind it."""
    start = math.floor(first / steps)
    return [first, *(steps * (start + number) for number in range(1, count))]


def _lengths(
    epochs: Sequence[float], steps: float, first: float | None, decimals: float
) -> tuple[float, float]:
    """Return between which lengths an epoch must lie (low > high: nowhere)."""
    low, high = 1.0, _LONGEST
    if first is None:
        # Only what lies between the lines is known.
        pairs = [
            (steps * number, epoch - epochs[0], epoch)
            for number, epoch in enumerate(epochs)
            if number
        ]
        slack = 1.0
    else:
        places = _places(first, steps, len(epochs))
        pairs = [(place, epoch, epoch) for place, epoch in zip(places, epochs, strict=True)]
        slack = 0.5
    for place, distance, epoch in pairs:
        error = slack * 1.02 * quantum(epoch, decimals)
        low = max(low, place / (distance + error))
        if distance > error:
            high = min(high, place / (distance - error))
    return low, high


def _mass(low: float, high: float) -> float:
    """Return the prior probability (not normed) of a whole number of steps between two bounds."""
    first, last = math.ceil(low), math.floor(high)
    if last < first:
        return 0.0
    if last - first < 50:
        return sum(
            (1.0 if length % 10 else _EVEN) / (length + _SHORT) for length in range(first, last + 1)
        )
    return math.log((last + 1 + _SHORT) / (first + _SHORT))


def _middle(low: float, high: float) -> float:
    whole = math.ceil(low)
    if math.floor(high) == whole:
        return float(whole)
    return math.sqrt(low * min(high, 4 * low))


def _begins_round(rates: Sequence[float], places: Sequence[float]) -> bool:
    """Say whether the rates lie on a line that is 0 or a round number at step 1.

    The Trainer's linear schedule is that of the step before: `rate(s) = peak (s - 1) / warmup`,
    then `peak (1 - (s - 1) / total)`. Versions before 4.50 print the rate of the step after, with
    all digits: there each interval would fit, and none is told.
    """
    if len(rates) < 2 or not all(map(math.isfinite, rates)):
        return False
    error = 1.5 * min(map(_printed, rates))
    slope = (rates[-1] - rates[0]) / (places[-1] - places[0])
    if any(
        abs(rates[0] + slope * (place - places[0]) - rate) > error
        for rate, place in zip(rates, places, strict=True)
    ):
        # Bent: the warm-up may have ended behind the second line.
        slope = (rates[1] - rates[0]) / (places[1] - places[0])
        if slope <= 0:
            return False
    begin = rates[0] - slope * (places[0] - 1)
    reach = error * (1 + places[0] / (places[1] - places[0]))
    if not slope or (reach < abs(slope) / 2 and _is_round(begin - slope, reach)):
        return False
    return abs(begin) <= reach if slope > 0 else _is_round(begin, reach)


def _printed(rate: float) -> float:
    """Return half the last digit's worth of a rate of 4 digits, next to nothing if it has more."""
    if not rate or float(f"{rate:.4g}") != rate:
        return abs(rate) * 1e-12 or math.inf
    return float(0.5 * 10.0 ** (math.floor(math.log10(abs(rate))) - 3))


def _is_round(rate: float, error: float) -> bool:
    """Say whether a rate is nothing, or a number of two digits, within an error."""
    if abs(rate) <= error:
        return True
    return rate > 0 and abs(float(f"{rate:.2g}") - rate) <= error
