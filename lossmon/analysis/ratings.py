"""Readings by rules of thumb: words for reduction, noise and gap.

The bands are those that practitioners use; they depend on when logging began
and on the loss's zero, so they rate, and never alarm.
"""

from __future__ import annotations

import math
from typing import Final

from lossmon.model import GapRating, NoiseRating, ReductionRating

STRONG: Final = 0.5
MODERATE: Final = 0.2
HEALTHY_GAP: Final = 0.10
OVERFITTING_GAP: Final = 0.30
SMOOTH: Final = 0.03
NOISY: Final = 0.15
"""σ/R: half and more than twice the median of real fine-tuning logs (0.06)."""


def reduction(first: float | None, now: float | None) -> tuple[float | None, str | None]:
    """(first − now)/first, or None and the reason why it has no meaning."""
    if first is None or now is None or not math.isfinite(now):
        return None, "no loss to compare"
    if first <= 0 or now < 0:
        return None, "the loss is not positive, so a share of it has no meaning"
    return _share(first - now, first)


def _share(part: float, whole: float) -> tuple[float | None, str | None]:
    # An overflow is no share: losses span more than 1e308 in broken logs.
    share = part / whole
    return (share, None) if math.isfinite(share) else (None, "the losses differ beyond all bounds")


def rate_reduction(share: float | None) -> ReductionRating:
    """More than half of the loss gone is strong, less than a fifth weak."""
    if share is None:
        return "unknown"
    return "strong" if share > STRONG else "moderate" if share >= MODERATE else "weak"


def rate_noise(sigma: float | None, descent: float) -> NoiseRating:
    """Rate σ of one point over R."""
    if sigma is None or not math.isfinite(sigma) or descent <= 0:
        return "unknown"
    share = sigma / descent
    return "smooth" if share < SMOOTH else "moderate" if share < NOISY else "noisy"


def gap(train: float | None, evaluation: float | None) -> tuple[float | None, str | None]:
    """(eval − train)/train, or None and the reason why it has no meaning."""
    if train is None:
        return None, "no training loss to compare with"
    if evaluation is None:
        return None, "no evaluation loss was logged"
    if train <= 0 or evaluation <= 0:
        return None, "the loss is not positive, so a share of it has no meaning"
    return _share(evaluation - train, train)


def rate_gap(share: float | None, first_share: float | None = None) -> tuple[GapRating, str | None]:
    """Rate the gap: under 10 % healthy, over 30 % overfitting by the rule of thumb.

    `first_share` is the gap at the first evaluation: where it was already
    beyond a factor of three either way, the two losses are measured on
    different scales (sums, other reductions), and the rating is unknown.
    """
    if share is None:
        return "unknown", None
    if first_share is not None and (first_share > 2.0 or first_share < -0.67):
        return "unknown", "evaluation and training loss are on different scales"
    if share > OVERFITTING_GAP:
        return "overfitting", None
    return ("monitor" if share >= HEALTHY_GAP else "healthy"), None
