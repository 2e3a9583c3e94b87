"""tqdm's progress bars in text: where a bar stands, and what was put behind it.

`Epoch 3: 45%|####5     | 18/40 [00:01<00:02, 9.8it/s, loss=0.53, lr=0.003]`
A bar redrawn without a new value looks like one with it: the counter and the
postfix are refreshed at different times, so callers keep the last frame of a
counter's value.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from lossmon.formats._late import late
from lossmon.formats.console import NUM, STEP, number
from lossmon.formats.pairs import explicit_pairs

_PAIR_NAME: Final = r"[A-Za-z_][^=:,|\[\]]{0,79}"
# A name in the postfix may hold brackets of its own: `avg. loss [951-1000]: 0.5`.
_INSIDE: Final = r"[^\[\]]{0,2000}+(?:\[[^\[\]]{0,60}+\][^\[\]]{0,400}+){0,8}+"
_COUNT: Final = late(rf"\s{{0,20}}({STEP})/({STEP}|\?) \[({_INSIDE})\]")
_OPEN: Final = late(rf"({STEP})it \[([^\[\]]{{0,2000}})\]")
_WORD: Final = r"(?:[A-Za-z][\w.]{0,20} )?"
_IN_DESC: Final = late(
    rf"(?<![\w./])({_WORD}{_WORD}[\w./-]{{0,40}}loss[\w./-]{{0,40}})\s?[:= ]\s?({NUM})(?!\w|\.\w)",
    re.I,
)
_OF_BRACKETS: Final = late(r" ?\[[^\]]{0,60}\]\Z")
_VALUE: Final = late(rf"({NUM})%?\Z")


class Bar(NamedTuple):
    """One frame of a bar; `total` is None where the bar has none."""

    description: str
    n: int
    total: int | None
    inside: str
    """What stands between the brackets: times, rate, postfix."""

    @property
    def values(self) -> dict[str, float]:
        """The postfix's numbers (`loss=0.5` and `loss: 0.5`), then losses in the description."""
        found = {}
        for part in self.inside.split(", "):
            cut = part.find("=")
            if cut < 0:
                cut = part.find(": ")
            if cut <= 0:
                continue
            name = _OF_BRACKETS.sub("", part[:cut].strip())
            match = _VALUE.match(part[cut + 1 :].strip())
            if match and name and not name[0].isdigit():
                value = number(match[1])
                if value is not None:
                    found[name] = value
            elif match is None and " " in part[cut + 2 :]:
                found.update(explicit_pairs(part))  # `lr: 1.0e-04 loss: 2.3e-01`
        if "loss" in self.description.lower():
            for match in _IN_DESC.finditer(self.description[-400:]):
                value = number(match[2])
                if value is not None:
                    found.setdefault(match[1], value)
        return found


def parse_bar(text: str) -> Bar | None:
    """Return the bar that a line is a frame of, or None."""
    percent = text.find("%|")
    if percent < 0:
        plain = text.find("% ")  # Lightning on Colab draws no bar
        if plain > 0 and text[plain - 1].isdigit():
            bar = _counted(text[:plain].rstrip("0123456789.").rstrip(" :"), text, plain)
            if bar is not None:
                return bar
        cut = text.find(": |")
        if cut >= 0 and (end := text.find("| ", cut + 3)) >= 0:
            return _counted(text[:cut], text, end)
        match = _OPEN.search(text[:400]) if "it [" in text else None
        if match is None:
            return None
        return Bar(text[: match.start()].strip(" :"), int(match[1]), None, match[2])
    end = text.find("| ", percent + 2)
    if end < 0:
        return None
    return _counted(text[:percent].rstrip("0123456789.").rstrip(" :"), text, end)


def _counted(description: str, text: str, end: int) -> Bar | None:
    match = _COUNT.match(text, end + 1)
    if match is None:
        return None
    total = None if match[2] == "?" else int(match[2])
    return Bar(description.strip(), int(match[1]), total, match[3])
