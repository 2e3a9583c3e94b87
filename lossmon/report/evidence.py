"""The evidence of a verdict in words: a label and a unit for each key, the telling ones first."""

from __future__ import annotations

from typing import Final

from lossmon.model import Verdict
from lossmon.report import words

MOST: Final = 5
"""How many are told where room is short; more are not read."""

_COUNTS: Final = {
    "evaluations": "evaluations read",
    "points": "points read",
    "points_needed": "points needed to see a change",
}
_LOSSES: Final = {"descent": "loss fell by", "noise": "noise of one point"}
_SHARES: Final = {
    "noise_share_of_descent": "noise, of the descent",
    "learning_rate_share": "learning rate, of its highest",
}
_TEXTS: Final = {
    "benign_causes": "seen beside it",
    "other_evaluations": "other evaluation sets",
    "overfitting": "overfitting",
}

_GAIN: Final = "gain of half as much training again"
_DECISIVE_BIC: Final = 10.0
"""A difference in BIC above 10 is very strong evidence (Kass and Raftery, 1995)."""
_POSITIVE_BIC: Final = 2.0
"""Below 2 it is not worth more than a bare mention (the same table)."""

_ORDER: Final = (
    "benign_causes", "other_evaluations", "gain_of_half_more", "descent",
    "noise_share_of_descent", "noise", "evaluations", "overfitting", "points_needed",
    "learning_rate_share", "shape_margin_bic",
    "autocorrelation", "points",
)  # fmt: skip
_FIRST: Final = {
    "overfitting": ("evaluations", "descent", "noise"),
    "plateau": ("gain_of_half_more", "learning_rate_share", "noise"),
    "not_learning": ("descent", "noise", "noise_share_of_descent"),
    "unknown": ("points", "points_needed"),
}


def evidence_words(verdict: Verdict, most: int | None = None) -> list[tuple[str, str]]:
    """Return (label, value with its unit) of each piece of evidence, what matters most first.

    What matters depends on the status. A key that has no words of its own is told by its
    name, so that nothing the analysis rests on is hidden; `most` cuts the list.
    """
    found = verdict.evidence
    order = (*_FIRST.get(verdict.status, ()), *_ORDER)
    keys = [key for key in dict.fromkeys(order) if key in found]
    keys += [key for key in found if key not in keys and key not in ("gain_low", "gain_high")]
    return [_told(verdict, key) for key in keys][:most]


def _rough(value: float) -> str:
    """Return two significant digits, more where they would take an exponent: -230."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.2g}"


def _told(verdict: Verdict, key: str) -> tuple[str, str]:
    value = verdict.evidence[key]
    if isinstance(value, str):
        return _TEXTS.get(key, key.replace("_", " ")), value
    if key in _COUNTS:
        return _COUNTS[key], words.step(round(value))
    if key in _LOSSES:
        return _LOSSES[key], f"{value:.3g}"
    if key in _SHARES:
        return _SHARES[key], words.percent(value, 0)
    if key == "gain_of_half_more":
        low, high = verdict.evidence.get("gain_low"), verdict.evidence.get("gain_high")
        if isinstance(low, float) and isinstance(high, float):
            return _GAIN, f"{value:.3g} (between {_rough(low)} and {_rough(high)})"
        return _GAIN, f"{value:.3g}"
    if key == "shape_margin_bic":
        sure = "sure" if value > _DECISIVE_BIC else "likely" if value > _POSITIVE_BIC else "unsure"
        return f"shape: {verdict.shape}", f"{sure} (BIC better by {value:.1f})"
    if key == "autocorrelation":
        return "neighbouring points alike", f"{value:.2f} (0 not at all, 1 wholly)"
    return key.replace("_", " "), f"{value:.3g}"
