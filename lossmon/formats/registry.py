"""The formats that are known, and which of them a head of bytes belongs to.

Every module of this package with a `FORMAT` or `FORMATS` counts: a new format
is one new file. There are a hundred, and a start needs a few of them: `_index`
says which need not be imported for a head of bytes. Other packages add theirs
under the entry-point group `lossmon.formats` (an instance, or a class without
arguments).
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from lossmon.errors import UsageError
from lossmon.formats._index import INDEX
from lossmon.formats.base import HEAD_BYTES, Format, Sniff, TableFormat
from lossmon.formats.head import Head, Needles
from lossmon.formats.transport import (
    PREFIXED,
    logged_around,
    transport_of,
    transports,
    unwrapped,
    wrapped,
)

ENTRY_POINT_GROUP: Final = "lossmon.formats"

SURE: Final = 0.6
"""From here a claim is surer than any of a reader of no trainer in particular (0.55)."""

LEAST: Final = 0.2
"""Below it a claim counts as none."""

_LOGGED_BYTES: Final = 16384
"""Of a head whose lines have a logger's prefix: so many are looked into for records."""

_FAILURES: Final[list[str]] = []
_NOT_FORMATS: Final = frozenset({"base", "lines", "registry", "transport"})


@cache
def modules() -> tuple[str, ...]:
    """Return the names of the modules of this package that may hold formats."""
    files = [name for name in os.listdir(Path(__file__).parent) if "." in name]  # noqa: PTH208
    names = {name.partition(".")[0] for name in files} - _NOT_FORMATS
    return tuple(sorted(name for name in names if not name.startswith("_") and name))


@cache
def loaded(module: str) -> tuple[Format, ...]:
    """Import one module of this package and return its formats."""
    found = importlib.import_module(f"lossmon.formats.{module}")
    one = (found.FORMAT,) if hasattr(found, "FORMAT") else ()
    return (*getattr(found, "FORMATS", ()), *one)


@cache
def formats() -> tuple[Format, ...]:
    """Return all formats, built in and of other packages."""
    own = [fmt for module in modules() for fmt in loaded(module)]
    return (*own, *_others())


@cache
def _others() -> tuple[Format, ...]:
    """Return the formats of other packages."""
    if not _others_installed():
        return ()
    from importlib import metadata

    names = {name for entry in INDEX.values() for name in entry.names}
    names.update(fmt.name for name in modules() if name not in INDEX for fmt in loaded(name))
    found: list[Format] = []
    for entry in metadata.entry_points(group=ENTRY_POINT_GROUP):
        try:
            made = entry.load()
            fmt = made() if isinstance(made, type) else made
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
    for place in sys.path:
        try:
            names = os.listdir(place or ".")  # noqa: PTH208 - `Path` takes twice as long
        except NotADirectoryError:  # a zip: only the thorough way looks into it
            return True
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                path = f"{place or '.'}/{name}/entry_points.txt"
                try:
                    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a third of the time
                        if group in file.read():
                            return True
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except OSError:
                    return True
    return False


def failures() -> tuple[str, ...]:
    """Return why formats of other packages could not be had, one line each."""
    formats()
    return tuple(_FAILURES)


def get(name: str) -> Format:
    """Return the format of that name (UsageError if there is none)."""
    plain, _, around = name.rpartition("+")
    if plain and (transport := transports().get(around)) is not None:
        inside = wrapped(get(plain), transport)
        if inside is not None:
            return inside
    for module in modules():
        if module not in INDEX or name in INDEX[module].names:
            for fmt in loaded(module):
                if fmt.name == name:
                    return fmt
    for fmt in _others():
        if fmt.name == name:
            return fmt
    raise UsageError(f"no format is called {name!r}; `lossmon formats` lists them")


def table_formats() -> Iterator[TableFormat]:
    """Yield the formats that are databases."""
    for module in modules():
        if module not in INDEX or INDEX[module].tables:
            yield from (fmt for fmt in loaded(module) if isinstance(fmt, TableFormat))
    yield from (fmt for fmt in _others() if isinstance(fmt, TableFormat))


def recognise(head: bytes, filename: str) -> list[tuple[Sniff, Format]]:
    """Return the formats that claim a head of bytes, surest first.

    Readers of no trainer in particular (`last_resort`), which cost as much as
    all others together, are asked only where none of these is sure. Modules
    whose formats can have nothing to say (`_index`) are not even imported.
    """
    head = head[:HEAD_BYTES]
    transport = transport_of(head)
    if transport is None:
        return _recognise(Head(head), filename)
    claims: list[tuple[Sniff, Format]] = []
    # `log.json` is no document where its lines hold a log.
    inside = re.sub(r"\.(?:jsonl?|ndjson)\Z", ".log", filename)
    for sniff, fmt in _recognise(Head(unwrapped(head, transport)), inside):
        if (found := wrapped(fmt, transport)) is not None:
            claims.append((Sniff(sniff.confidence, f"{sniff.reason}, {transport.title}"), found))
    # JSON lines may be records of their own; a stamp is never a part of one.
    if transport is not PREFIXED or not claims:
        claims += _recognise(Head(head), filename)
    claims.sort(key=lambda claim: -claim[0].confidence)
    return claims


def _recognise(shared: Head, filename: str) -> list[tuple[Sniff, Format]]:
    """Return the claims on a head whose lines stand as they were printed.

    What formats work out of the head is worked out once.
    """
    shared.rule_out(_needles())
    claims: list[tuple[Sniff, Format]] = []
    for fmt in _worth_asking(shared, last=False):
        if not fmt.last_resort:
            _ask(fmt, shared, filename, claims)
    if not _is_surer(claims, SURE):
        last = [fmt for fmt in _worth_asking(shared, last=True) if fmt.last_resort]
        for fmt in sorted(last, key=lambda fmt: -fmt.surest):
            if not _is_surer(claims, fmt.surest):
                _ask(fmt, shared, filename, claims)
    if not _is_surer(claims, SURE) and (transport := logged_around(shared)) is not None:
        inside = Head(unwrapped(shared[:_LOGGED_BYTES], transport))
        for name in transport.readers or ():
            inner = get(name)
            sniff, found = inner.sniff(inside, filename), wrapped(inner, transport)
            if sniff is not None and sniff.confidence >= LEAST and found is not None:
                said = f"{sniff.reason}, {transport.title}"
                claims.append((Sniff(sniff.confidence, said), found))
    claims.sort(key=lambda claim: -claim[0].confidence)
    return claims


def _is_surer(claims: list[tuple[Sniff, Format]], confidence: float) -> bool:
    return any(sniff.confidence >= confidence for sniff, _ in claims)


def _worth_asking(head: Head, last: bool) -> Iterator[Format]:
    """Yield the formats that may claim the head, in the order of `formats`."""
    may_be_binary = len(head) < 12 or b"\0" in head[:64]
    absent, holds = head.absent, head.holds
    for module, needles, binary in _modules_asked(last):
        if needles is not None and (absent.issuperset(needles) or not any(map(holds, needles))):
            continue
        if may_be_binary or not binary:
            yield from loaded(module)
    yield from _others()


@cache
def _modules_asked(last: bool) -> tuple[tuple[str, tuple[str, ...] | None, bool], ...]:
    """Return the modules whose formats say something of bytes, each with its needles, and whether
    it wants binary heads; `last`: those of the last resort, else the others.
    """
    entries = ((module, INDEX.get(module)) for module in modules())
    return tuple(
        (module, None, False) if entry is None else (module, entry.needles, entry.binary)
        for module, entry in entries
        if entry is None or (entry.names and not entry.tables and entry.last_resort in (None, last))
    )


@cache
def _needles() -> Needles:
    """Return what the index says that heads are searched for."""
    return Needles(text for entry in INDEX.values() for text in entry.needles or ())


def _ask(fmt: Format, head: Head, filename: str, claims: list[tuple[Sniff, Format]]) -> None:
    sniff = fmt.sniff(head, filename)
    if sniff is not None and sniff.confidence >= LEAST:
        claims.append((sniff, fmt))
