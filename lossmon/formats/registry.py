"""The formats that are known, and which of them a head of bytes belongs to.

Every module of this package with a `FORMAT` or `FORMATS` counts: a new format
is one new file. Other packages add theirs under the entry-point group
`lossmon.formats` (an instance, or a class without arguments).
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import cache
from pathlib import Path
from typing import Final

from lossmon.errors import UsageError
from lossmon.formats.base import HEAD_BYTES, Format, Sniff
from lossmon.formats.head import Head

ENTRY_POINT_GROUP: Final = "lossmon.formats"

SURE: Final = 0.7
"""From here a claim rests on more than the shape of the file (see `Sniff`)."""

LEAST: Final = 0.2
"""Below it a claim counts as none."""

_FAILURES: Final[list[str]] = []
_NOT_FORMATS: Final = frozenset({"base", "lines", "registry"})


@cache
def formats() -> tuple[Format, ...]:
    """Return all formats, built in and of other packages."""
    found: list[Format] = []
    package = importlib.import_module("lossmon.formats")
    for entry_module in pkgutil.iter_modules(package.__path__):
        if entry_module.name in _NOT_FORMATS or entry_module.name.startswith("_"):
            continue
        module = importlib.import_module(f"lossmon.formats.{entry_module.name}")
        found.extend(getattr(module, "FORMATS", ()))
        if hasattr(module, "FORMAT"):
            found.append(module.FORMAT)
    names = {fmt.name for fmt in found}
    if not _others_installed():
        return tuple(found)
    from importlib import metadata

    for entry in metadata.entry_points(group=ENTRY_POINT_GROUP):
        try:
            loaded = entry.load()
            fmt = loaded() if isinstance(loaded, type) else loaded
        except (ImportError, AttributeError, TypeError, ValueError, SyntaxError) as error:
            _FAILURES.append(f"{entry.value}: {error}")
            continue
        if not isinstance(fmt, Format):
            _FAILURES.append(f"{entry.value}: no lossmon.formats.base.Format")
        elif fmt.name in names:
            _FAILURES.append(f"{entry.value}: a format is called {fmt.name!r} already")
        else:
            names.add(fmt.name)
            found.append(fmt)
    return tuple(found)


def _others_installed() -> bool:
    """Whether some installed package names the entry-point group.

    `importlib.metadata` finds them too, and takes as long as all formats here together.
    """
    group = ENTRY_POINT_GROUP.encode()
    for place in map(Path, sys.path):
        if place.is_file():  # a zip: only the thorough way looks into it
            return True
        for kind in ("dist", "egg"):
            for declared in place.glob(f"*.{kind}-info/entry_points.txt"):
                try:
                    if group in declared.read_bytes():
                        return True
                except OSError:
                    return True
    return False


def failures() -> tuple[str, ...]:
    """Return why formats of other packages could not be had, one line each."""
    formats()
    return tuple(_FAILURES)


def get(name: str) -> Format:
    """Return the format of that name (UsageError if there is none)."""
    for fmt in formats():
        if fmt.name == name:
            return fmt
    raise UsageError(f"no format is called {name!r}; `lossmon formats` lists them")


def recognise(head: bytes, filename: str) -> list[tuple[Sniff, Format]]:
    """Return the formats that claim a head of bytes, surest first.

    Readers of no trainer in particular (`last_resort`), which cost as much as
    all others together, are asked only where none of these is sure.
    """
    claims: list[tuple[Sniff, Format]] = []
    shared = Head(head[:HEAD_BYTES])  # what formats work out of it is worked out once
    last: list[Format] = []
    for fmt in formats():
        if fmt.last_resort:
            last.append(fmt)
        else:
            _ask(fmt, shared, filename, claims)
    if not any(sniff.confidence >= SURE for sniff, _ in claims):
        for fmt in last:
            _ask(fmt, shared, filename, claims)
    claims.sort(key=lambda claim: -claim[0].confidence)
    return claims


def _ask(fmt: Format, head: Head, filename: str, claims: list[tuple[Sniff, Format]]) -> None:
    sniff = fmt.sniff(head, filename)
    if sniff is not None and sniff.confidence >= LEAST:
        claims.append((sniff, fmt))
