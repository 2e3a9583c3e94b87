"""`python -m lossmon.formats` writes `_index.py` anew, after a format was added or changed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lossmon.formats import registry
from lossmon.formats.base import TableFormat

_HEAD: Final = '''\
"""What formats there are, known without imports; `python -m lossmon.formats` writes it.

A start needs a few of a hundred modules. A module that is not listed here (a
new one) is imported and asked, so that an index that was not written anew
costs time, never a format. `tests/formats/test_index.py` holds it to the truth.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._index_entry import Entry

INDEX: Final[dict[str, Entry]] = {
'''


def entry_of(module: str) -> str:
    """Return what the index says of a module, as Python."""
    formats = registry.loaded(module)
    if not formats:
        return "Entry()"
    needles: dict[str, None] | None = {}
    for fmt in formats:
        if not fmt.needles or needles is None:
            needles = None
        else:
            needles.update(dict.fromkeys(fmt.needles))
    tables = {isinstance(fmt, TableFormat) for fmt in formats} == {True}
    last = {fmt.last_resort for fmt in formats}
    words = [repr(tuple(fmt.name for fmt in formats))]
    if needles is not None:
        words.append(repr(tuple(needles)))
    if tables:
        words.append("tables=True")
    if all(fmt.binary for fmt in formats):
        words.append("binary=True")
    if last != {False}:
        words.append("last_resort=True" if last == {True} else "last_resort=None")
    return f"Entry({', '.join(words)})"


def index() -> str:
    """Return the whole of `_index.py`."""
    lines = [f"    {module!r}: {entry_of(module)},\n" for module in registry.modules()]
    return f"{_HEAD}{''.join(lines)}}}\n"


if __name__ == "__main__":
    Path(__file__).with_name("_index.py").write_text(index())
