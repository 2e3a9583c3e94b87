"""Pictures of every view, as they stand: `pytest --snapshot-update` after a wanted change.

Data, day and time zone are fixed, and no clock is on screen, so a picture
changes only when what is drawn does.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.tui.runs import make_run, some_runs
from tests.tui.screens import app_over

PICTURES = [
    # view, size, theme, keys
    ("focus", (60, 16), "dark", ()),
    ("focus", (80, 24), "dark", ()),
    ("focus", (120, 40), "dark", ("right_square_bracket", "c")),
    ("focus", (200, 60), "light", ("a",)),
    ("focus", (80, 24), "16", ("n",)),
    ("focus", (80, 24), "none", ("n",)),
    ("overview", (80, 24), "light", ()),
    ("overview", (120, 40), "dark", ("space",)),
    ("overview", (200, 60), "dark", ("o",)),
    ("panes", (120, 40), "dark", ()),
    ("compare", (120, 40), "light", ("l",)),
    ("metrics", (120, 40), "dark", ()),
    ("log", (80, 24), "dark", ()),
    ("focus", (120, 40), "dark", ("question_mark",)),
]


@pytest.mark.parametrize(
    ("view", "size", "theme", "keys"),
    PICTURES,
    ids=[f"{view}-{w}x{h}-{theme}-{len(keys)}" for view, (w, h), theme, keys in PICTURES],
)
def test_picture(
    snap_compare: Any, view: str, size: tuple[int, int], theme: str, keys: tuple[str, ...]
) -> None:
    app = app_over(*some_runs(), view=view, theme=theme)
    assert snap_compare(app, terminal_size=size, press=keys)


def test_picture_in_ascii(snap_compare: Any) -> None:
    app = app_over(*some_runs(), view="focus", ascii=True)
    assert snap_compare(app, terminal_size=(120, 40))


def test_picture_without_runs(snap_compare: Any) -> None:
    assert snap_compare(app_over(view="overview"), terminal_size=(80, 24))


def test_seeds_as_a_band(snap_compare: Any) -> None:
    runs = [make_run(f"base-s{i}", final=1.0 + i / 20, seed=i) for i in range(3)]
    app = app_over(*runs, make_run("other", final=1.6, seed=9), view="compare")
    assert snap_compare(app, terminal_size=(120, 40), press=("B",))
