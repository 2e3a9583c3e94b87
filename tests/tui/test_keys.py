"""The table of keys: complete, without a clash, and the only place where keys are said."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.app import App
from textual.screen import Screen

from lossmon.charts.spec import row_text
from lossmon.tui.app import LossmonApp
from lossmon.tui.desk import Desk
from lossmon.tui.keys import KEYS, keys_of
from lossmon.tui.look import Look
from lossmon.tui.panels.help import help_rows
from lossmon.tui.screens.view import VIEWS, make_view


@pytest.mark.parametrize("view", VIEWS)
def test_no_key_means_two_things_in_a_view(view: str) -> None:
    counts = Counter(name for key in keys_of(view) for name in key.keys)
    assert [name for name, n in counts.items() if n > 1] == []


@pytest.mark.parametrize("view", VIEWS)
def test_every_key_has_an_action(view: str) -> None:
    screen = make_view(view, Desk())
    for key in keys_of(view):
        name = f"action_{key.action.partition('(')[0]}"
        assert hasattr(screen, name) or hasattr(LossmonApp, name) or hasattr(App, name), key
        if "all" not in key.scopes:
            # An action that Textual's Screen happens to have would hide a missing one.
            assert getattr(type(screen), name, None) is not getattr(Screen, name, None), key


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("view", VIEWS)
def test_help_names_every_key(view: str, width: int) -> None:
    page = "\n".join(row_text(item) for item in help_rows(Look(), view, width))
    words = " ".join(page.split())
    for key in KEYS:
        assert all(name in page for name in key.names[:4]), key
        if width < 120:
            assert key.text in words, key


def test_texts_are_sentences_without_a_stop() -> None:
    for key in KEYS:
        assert key.text[0].isupper(), key
        assert not key.text.endswith("."), key
        assert not key.footer or key.short, key
