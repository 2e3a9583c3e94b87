"""`lossmon explain [WORD]`: what the words, verdicts and numbers mean."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from lossmon.errors import UsageError
from lossmon.width import text_width

MAX_WIDTH: Final = 88

EPILOG: Final = """\
examples:
  lossmon explain              list all pages
  lossmon explain loss
  lossmon explain overfitting
  lossmon explain --all > handbook.txt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "word", metavar="WORD", nargs="*", help="a verdict, event, number or word of the screen"
    )
    parser.add_argument("--all", action="store_true", help="print every page")


def run(options: argparse.Namespace) -> int:
    """Print a page, all of them, or their list."""
    from lossmon.explain import find, nearest, pages

    width = text_width(MAX_WIDTH)
    if options.all:
        text = "\n\n".join("\n".join(page.rows(width)) for page in pages().values())
        sys.stdout.write(text + "\n")
        return 0
    word = " ".join(options.word)
    if not word:
        sys.stdout.write(_list())
        return 0
    page = find(word)
    if page is None:
        close = nearest(word)
        hint = f"; nearest: {', '.join(close)}" if close else "; `lossmon explain` lists all pages"
        raise UsageError(f"no page is called {word!r}{hint}")
    sys.stdout.write("\n".join(page.rows(width)) + "\n")
    return 0


def _list() -> str:
    from lossmon.explain import GROUPS, pages

    lines = []
    for group in GROUPS:
        lines += ["", group]
        lines += [
            f"  {page.name:<16}{page.title}" for page in pages().values() if page.group == group
        ]
    return "\n".join(["lossmon explain WORD prints one of these pages.", *lines]) + "\n"
