"""Regular expressions that are compiled when they are first used.

The formats hold over three hundred expressions; a run needs a few of them,
and compiling all would double the time to the first answer.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Final, cast

_METHODS: Final = (
    "match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split", "scanner",
    "pattern", "flags", "groups", "groupindex",
)  # fmt: skip


class _Late:
    """Stands for a compiled expression; becomes as fast as one after its first use."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled: re.Pattern[Any] = re.compile(self._source, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Late:
        return self


def late(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what `re.compile` would, compiled at its first use.

    To be used where it is called as an object (`EXPRESSION.match(text)`), not
    handed to functions of `re`. A wrong expression is found by the tests that
    use it, not by the import.
    """
    return cast("re.Pattern[AnyStr]", _Late(pattern, flags))
