"""In which encoding the command speaks: UTF-8 to programs, to a terminal what it understands.

In a C locale Python's standard output is ASCII, and the first dash would end
the command with a UnicodeEncodeError.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from typing import Final

_STAND_INS: Final = {
    "─": "-", "━": "=", "│": "|", "·": ".", "…": ".", "−": "-", "–": "-", "—": "-", "×": "x",
    "≥": ">", "≤": "<", "→": ">", "↑": "^", "↓": "v", "•": "*", "±": "~", "’": "'", "✓": "*",
    "\N{NO-BREAK SPACE}": " ", "\N{BRAILLE PATTERN BLANK}": " ",
}  # fmt: skip


def stand_in(char: str) -> str:
    """Return the ASCII character that stands for `char` on a terminal that knows no other."""
    if char in _STAND_INS:
        return _STAND_INS[char]
    plain = unicodedata.normalize("NFKD", char)[0]
    if plain.isascii() and plain.isprintable():
        return plain
    name = unicodedata.name(char, "")
    if name.startswith("BOX DRAWINGS"):
        return "+"
    return "*" if name.startswith(("BRAILLE", "BLOCK", "BLACK", "WHITE")) else "?"


def _stand_ins(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(stand_in, error.object[error.start : error.end])), error.end


def settle() -> None:
    """Make standard output take any text, whatever the locale."""
    out = sys.stdout
    if not isinstance(out, io.TextIOWrapper) or codecs.lookup(out.encoding).name == "utf-8":
        return
    if out.isatty():
        codecs.register_error("lossmon.stand-ins", _stand_ins)
        out.reconfigure(errors="lossmon.stand-ins")
    else:
        out.reconfigure(encoding="utf-8", errors="strict")
