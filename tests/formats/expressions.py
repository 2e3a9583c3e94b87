"""Finds regular expressions that can run away: repeated parts that can be read in two ways.

`(?: {2,24}[^\\n]{0,200}\\n){0,60}` reads a blank of a line as the first part's or as the second's;
of sixty such lines there are more readings than atoms, and where the end does not fit, Python's
`re` tries them all. Within a repeated part two neighbours that may both take a character are such
an ambiguity, and so is an end that may take what the next round begins with. Possessive repeats
and atomic groups are never tried again.

A part that is not repeated is polynomial at worst; how long inputs may be bounds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

Item = tuple[Any, Any]
Items = Sequence[Item]

ALL: Final = frozenset(map(chr, range(128)))
ROUNDS: Final = 6
"""Fewer rounds are few readings."""
_CATEGORIES: Final = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
_REPEATS: Final = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_LOOKS: Final = (op.ASSERT, op.ASSERT_NOT)


def runaways(pattern: str | bytes, flags: int = 0) -> list[str]:
    """Return what in an expression may run away, in words; nothing: it cannot."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    tree = _parser.parse(text, flags)
    folded = bool((tree.state.flags | flags) & re.IGNORECASE)
    return list(_found(list(tree), folded))


def _found(items: Items, folded: bool) -> Iterator[str]:
    for kind, value in items:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            most, body = value[1], _flat(list(value[2]))
            if most is op.MAXREPEAT or most >= ROUNDS:
                if _is_ambiguous(body, folded):
                    yield f"neighbours within a part that is repeated {most} times"
                if _ends(body, folded) & _begins(body, folded):
                    yield f"the end of a part that is repeated {most} times, and its beginning"
        for part in _parts(kind, value):
            yield from _found(part, folded)


def _is_ambiguous(items: Items, folded: bool) -> bool:
    for at, item in enumerate(items):
        if not _varies(item):
            continue
        taken = _taken([item], folded)
        for number, follower in enumerate(items[at + 1 :], at + 1):
            if follower[0] is op.AT or follower[0] in _LOOKS:
                continue
            if _varies(follower) and taken & _taken([follower], folded):
                return True
            if not _is_empty([follower]):
                # `x*cx*`: what stands between is no border if both sides may take it.
                border = _begins([follower], folded)
                beyond = items[number + 1 : number + 2]
                if border <= taken and beyond and _varies(beyond[0]):
                    return bool(border & taken & _taken(beyond, folded))
                break
    return False


def _ends(items: Items, folded: bool) -> frozenset[str]:
    """Return the characters of those repeats that items may end with."""
    found: frozenset[str] = frozenset()
    for item in reversed(items):
        if _varies(item):
            found |= _taken([item], folded)
        if not _is_empty([item]):
            break
    return found


def _varies(item: Item) -> bool:
    kind, value = item
    if kind not in (op.MAX_REPEAT, op.MIN_REPEAT):
        return False
    return value[1] is op.MAXREPEAT or value[1] - value[0] >= 2


def _parts(kind: Any, value: Any) -> list[Items]:
    if kind in _REPEATS:
        return [list(value[2])]
    if kind is op.SUBPATTERN:
        return [list(value[3])]
    if kind is op.BRANCH:
        return [list(branch) for branch in value[1]]
    if kind is op.ATOMIC_GROUP:
        return [list(value)]
    return [list(value[1])] if kind in _LOOKS else []


def _flat(items: Items) -> list[Item]:
    made: list[Item] = []
    for kind, value in items:
        made += _flat(list(value[3])) if kind is op.SUBPATTERN else [(kind, value)]
    return made


def _character(kind: Any, value: Any) -> frozenset[str] | None:
    """Return the ASCII characters of an item that takes one; None if it is no such item."""
    if kind is op.LITERAL:
        return frozenset((chr(value),))
    if kind is op.NOT_LITERAL:
        return ALL - {chr(value)}
    if kind is op.ANY:
        return ALL - {"\n"}
    if kind is not op.IN:
        return None
    taken: set[str] = set()
    for one, given in value:
        if one is op.LITERAL:
            taken.add(chr(given))
        elif one is op.RANGE:
            taken |= set(map(chr, range(given[0], min(given[1], 127) + 1)))
        elif one is op.CATEGORY:
            taken |= set(re.findall(_CATEGORIES[given], "".join(sorted(ALL))))
    return ALL - taken if value[0][0] is op.NEGATE else frozenset(taken)


def _taken(items: Items, folded: bool) -> frozenset[str]:
    """Return all characters that items may take."""
    taken: frozenset[str] = frozenset()
    for kind, value in items:
        found = _character(kind, value)
        if found is None:
            for part in () if kind in _LOOKS else _parts(kind, value):
                taken |= _taken(part, folded)
        else:
            taken |= found
    return taken | {letter.swapcase() for letter in taken} if folded else taken


def _begins(items: Items, folded: bool) -> frozenset[str]:
    """Return the characters that items may begin with."""
    found: frozenset[str] = frozenset()
    for kind, value in items:
        one = _character(kind, value)
        if one is not None:
            found |= one | {letter.swapcase() for letter in one} if folded else one
            return found
        if kind is not op.AT and kind not in _LOOKS:
            for part in _parts(kind, value):
                found |= _begins(part, folded)
        if not _is_empty([(kind, value)]):
            return found
    return found


def _is_empty(items: Items) -> bool:
    """Whether items may take nothing."""
    for kind, value in items:
        if kind is op.AT or kind in _LOOKS:
            continue
        if kind in _REPEATS and (value[0] == 0 or _is_empty(list(value[2]))):
            continue
        if kind is op.BRANCH and any(_is_empty(list(branch)) for branch in value[1]):
            continue
        if kind in (op.SUBPATTERN, op.ATOMIC_GROUP) and _is_empty(_parts(kind, value)[0]):
            continue
        return False
    return True
