"""Pages that teach: what loss means, and how each verdict and number is found.

Every number in a page is read from the constant that the code uses, so that a
page cannot say something else than the program does. Used by `lossmon explain`
and by the screen's help.
"""

from __future__ import annotations

import difflib
from functools import cache

from lossmon.explain.page import GROUPS, Page

__all__ = ["GROUPS", "Page", "find", "nearest", "pages"]


@cache
def pages() -> dict[str, Page]:
    """Return all pages by name, in the order in which they are best read."""
    from lossmon.explain import basics, events, numbers, states, words

    found: dict[str, Page] = {}
    for module in (basics, states, events, numbers, words):
        for page in module.pages():
            if page.name in found:
                raise ValueError(f"two pages are called {page.name!r}")
            found[page.name] = page
    return found


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")


def find(word: str) -> Page | None:
    """Return the page of that name or other name (`-`, `_` and space are the same), or None."""
    wanted = _plain(word)
    for page in pages().values():
        if wanted == page.name or wanted in page.aliases:
            return page
    return None


def nearest(word: str, count: int = 4) -> list[str]:
    """Return names of pages that are written like `word`, else those that speak of it."""
    wanted = _plain(word)
    names = {alias: page.name for page in pages().values() for alias in (page.name, *page.aliases)}
    close = difflib.get_close_matches(wanted, names, n=count, cutoff=0.55)
    inside = [name for name in names if len(wanted) > 2 and (wanted in name or name in wanted)]
    found = list(dict.fromkeys(names[name] for name in (*inside, *close)))
    if not found and len(wanted) > 2:
        text = wanted.replace("_", " ")
        found = [page.name for page in pages().values() if text in page.text.lower()]
    return found[:count]
