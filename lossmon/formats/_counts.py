r"""Numbers as people print them: decimal commas, thousands by commas, counts in `k` and `M`.

`0,532` can be no group of thousands, and `1,5` and `2,0643` neither; `1,234` can be
both, and is read as thousands unless it is a loss's in a log without decimal points.
"""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late

_EXPONENT: Final = r"(?:[eE][-+]?\d{1,4})?"
_DECIMAL: Final = (
    rf"[-+]?(?:(?:0|\d{{4,15}}),\d{{1,20}}{_EXPONENT}"
    rf"|\d{{1,3}},(?:\d{{1,2}}|\d{{4,20}}){_EXPONENT}|\d{{1,3}},\d{{3}}[eE][-+]?\d{{1,4}})"
)
"""A number whose comma can stand for nothing but a point."""
_IS_DECIMAL: Final = late(rf"{_DECIMAL}\Z")
_MAY_BE: Final = late(r"[-+]?\d{1,2},\d{3}\Z")
_GROUPED: Final = late(r"[-+]?\d{1,3}(?:,\d{3}){1,5}(?:\.\d{0,20})?\Z")

_COMMA: Final = late(r"\d,\d")
_POINT: Final = late(r"\d\.\d")
_EVIDENT: Final = late(
    r"(?i)(?:loss|losses|verlust|perte|perdita|perda|pérdida|потери|损失|cost|nll|ppl|perplexity"
    r"|error|rmse|mse|mae|lr|rate|acc|accuracy)['\"]?[ \t]{0,4}[:=]?[ \t]{0,8}"
    rf"{_DECIMAL}(?![\d.]|,\d)"
)
"""A loss, a rate or a score with such a number, in a line without points in numbers."""
_LIKELY: Final = late(
    r"(?i)(?:loss|losses|verlust|perte|perdita|perda|pérdida|потери|损失)['\"]?[ \t]{0,4}[:=]?"
    r"[ \t]{0,8}\d{1,2},\d{3}(?![\d.]|,\d)"
)
"""The same of a loss alone that might be a count of thousands: what counts them is no loss."""
_COMMA_NUMBER: Final = late(r"(?<![\w.,])([-+]?\d{1,15}),(\d{1,20})(?!\d|[.,]\d)")

_SCALES: Final = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9}
_COUNT: Final = late(r"(\d{1,6}(?:\.\d{1,4})?) ?([kKM])\Z")
_SAID: Final = late(
    r"((?i:steps?|iters?|iterations?|updates?|episodes?|global_step)(?:[ \t]{0,4}[:=])?"
    r"[ \t]{0,8}\[?)(\d{1,6}(?:\.\d{1,4})?)([kKM])(?:/(\d{1,6}(?:\.\d{1,4})?)([kKM]))?"
    r"(?!/?[A-Za-z])"
)
"""A step in thousands or millions, and the total behind it."""
_TOKENS: Final = late(
    r"()(?<![\w.])(\d{1,6}(?:\.\d{1,4})?) ?([kKMB]) (?i:tokens?)(?! ?/| per\b)"
    r"|(?i:tokens)(?: seen)?[:=]? {0,4}(\d{1,6}(?:\.\d{1,4})?)([kKMB])(?![\w/])"
)
_EXACT: Final = late(r"(?i)epoch:? \d{1,9}/\d{1,9} \(\d{1,9}/\d{1,9}\)")
"""An epoch with its batch: a step in thousands says less."""
_COUNTER: Final = late(r"(?i)step|epoch|iter|batch|update|episode")
_SHORT: Final = late(r"\d ?[kKMB](?![A-Za-z])|\d_\d{3}")
_UNDERSCORED: Final = late(r"(?<![\w.])\d{1,3}(?:_\d{3}){1,4}(?![\w.])")
_INTEGRAL: Final = late(r"\+?\d{1,15}(?:\.0{0,6})?(?:[eE]\+?\d{1,2})?\Z")
_SCIENTIFIC: Final = late(r"\+?\d\.\d{0,15}[eE]\+?\d{1,2}\Z")


def is_decimal(text: str) -> bool:
    """Say whether a text is a number with a comma that can only be its point."""
    return _IS_DECIMAL.match(text) is not None


def may_be_decimal(text: str) -> bool:
    """Say whether a loss printed so has a comma for its point: `2,273` of a loss is no count."""
    return _IS_DECIMAL.match(text) is not None or _MAY_BE.match(text) is not None


def comma_number(text: str, decimal: bool = False) -> float | None:
    """Return the number of a text with commas, None if it is none; `decimal`: they are points."""
    if decimal or is_decimal(text):
        text = text.replace(",", ".", 1)
    elif _GROUPED.match(text) is not None:
        text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        return None


def count_of(text: str) -> float | None:
    """Return the count that `12k`, `1.2M` or `12,000` says, None where it is no count."""
    text = text.strip()
    if (match := _COUNT.match(text)) is not None:
        return float(_scaled(match[1], match[2]))
    return comma_number(text) if "," in text and not is_decimal(text) else None


def says_decimal_commas(line: str) -> bool:
    """Say whether a line shows that its log prints commas for points."""
    return (
        _COMMA.search(line) is not None
        and _POINT.search(line) is None
        and (_EVIDENT.search(line) is not None or _LIKELY.search(line) is not None)
    )


def with_points(text: str) -> str:
    """Return a text with points for the commas of its numbers, lists (`1,2,3`) left alone."""
    return _COMMA_NUMBER.sub(r"\1.\2", text) if "," in text else text


def with_whole_counts(line: str) -> str:
    """Return a line with its steps written out: `step 12k` as `step 12000`.

    Tokens count where nothing else does: `1.2M tokens` is `step 1200000` then.
    """
    if _SHORT.search(line) is None:
        return line
    if "_" in line:
        line = _UNDERSCORED.sub(_without_underscores, line)
    if _EXACT.search(line) is not None:
        return line
    found = _SAID.sub(_written_out, line)
    if "token" in found.lower() and _COUNTER.search(found) is None:
        return _TOKENS.sub(_as_step, found, 1)
    return found


def _without_underscores(match: re.Match[str]) -> str:
    return match[0].replace("_", "")


def _written_out(match: re.Match[str]) -> str:
    total = f"/{_scaled(match[4], match[5])}" if match[4] else ""
    return f"{match[1]}{_scaled(match[2], match[3])}{total}"


def _as_step(match: re.Match[str]) -> str:
    return f"step {_scaled(match[2] or match[4], match[3] or match[5])}"


def _scaled(number: str, scale: str) -> int:
    return round(float(number) * _SCALES[scale])


def is_count(text: str) -> bool:
    """Say whether a number that is not printed whole is: `1e+03`, `1.5e3`, `240.0`."""
    if _INTEGRAL.match(text) is None and _SCIENTIFIC.match(text) is None:
        return False
    value = float(text)
    return value < 1e15 and value % 1 == 0
