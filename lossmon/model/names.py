"""Names and texts that come from a log are untrusted: bounded and harmless before they go on.

A metric name can be a megabyte, hold escape sequences, or reorder the line it
is printed in. Every name passes `clean_name` once, where it enters the model;
every other text from a log passes `clean_text` before it is shown. Markup
(`[red]`) is not touched here: screens must print names as plain text.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

MAX_NAME: Final = 120
"""Characters kept of a metric or run name: longer than any seen in real logs (87)."""

# Categories that move the cursor, reorder or hide text: controls, formats (bidi
# overrides, zero-width), surrogates, private use, line and paragraph separators.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def clean_text(text: str, limit: int = 2000) -> str:
    """Return `text` with unsafe characters replaced by U+FFFD, cut to `limit` characters."""
    cut = text[: limit + 1]
    if not cut.isascii() or not cut.isprintable():
        cut = "".join(
            _REPLACEMENT if unicodedata.category(char) in _UNSAFE else char for char in cut
        )
    if len(cut) > limit:
        cut = cut[: limit - 1] + "…"
    return cut


@lru_cache(maxsize=4096)
def _clean_short(name: str) -> str:
    return clean_text(name.strip(), MAX_NAME) or "?"


def clean_name(name: str) -> str:
    """Return `name` stripped, bounded to `MAX_NAME` characters, with nothing unsafe in it."""
    # Long names are cut before the cache sees them, so that it stays small.
    return _clean_short(name[: 4 * MAX_NAME] if len(name) > 4 * MAX_NAME else name)
