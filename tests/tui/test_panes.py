"""The tree of panes: after any cuts the panes tile the panel, and a saved layout comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.tui.panes import GRIDS, MAX_PANES, Panes

actions = st.lists(
    st.sampled_from(
        ["right", "below", "close", "next", "wider", "lower", "grid0", "grid3", "grid5"]
    ),
    max_size=30,
)


def play(steps: list[str]) -> Panes:
    panes = Panes()
    for step in steps:
        if step in ("right", "below"):
            panes.split(step == "right")
        elif step == "wider":
            panes.resize(True, 1)
        elif step == "lower":
            panes.resize(False, -1)
        elif step == "close":
            panes.close()
        elif step == "next":
            panes.step(1)
        else:
            panes.grid(*GRIDS[int(step[-1])])
    return panes


@given(actions, st.integers(60, 240), st.integers(16, 70))
def test_panes_tile_the_panel(steps: list[str], width: int, height: int) -> None:
    panes = play(steps)
    boxes = panes.boxes(width, height)
    assert 1 <= len(boxes) == len(panes.leaves()) <= MAX_PANES
    assert 0 <= panes.active < len(boxes)
    taken: set[tuple[int, int]] = set()
    for x, y, wide, high in boxes:
        cells = {(i, j) for i in range(x, x + wide) for j in range(y, y + high)}
        assert not cells & taken
        taken |= cells
    assert all(0 <= i < width and 0 <= j < height for i, j in taken)
    # Only the blank columns between panes are left free.
    assert len(taken) >= width * height - height * (MAX_PANES - 1)


@given(actions)
def test_a_saved_layout_comes_back(steps: list[str]) -> None:
    panes = play(steps)
    for index, pane in enumerate(panes.leaves()):
        pane.run, pane.metric = f"id-{index}", f"metric-{index}"
    names = {f"id-{index}": f"run-{index}" for index in range(MAX_PANES)}
    data = panes.to_data(names)
    back = Panes.from_data(data, {name: run_id for run_id, name in names.items()})
    assert back.boxes(100, 40) == panes.boxes(100, 40)
    assert [(pane.run, pane.metric) for pane in back.leaves()] == [
        (pane.run, pane.metric) for pane in panes.leaves()
    ]


def test_a_run_that_is_gone_is_waited_for() -> None:
    pane = Panes.from_data({"run": "gone", "metric": None}, {}).pane
    assert pane.run is None
    assert pane.wanted == "gone"


def test_an_edge_is_moved_as_far_as_both_panes_keep_room() -> None:
    panes = Panes()
    panes.grid(2, 2)
    assert panes.boxes(100, 40)[0] == (0, 0, 49, 20)
    assert panes.resize(True, 1)
    assert panes.boxes(100, 40)[0] == (0, 0, 54, 20)
    # The row below has its own edge; the one between the rows is shared.
    assert panes.boxes(100, 40)[2] == (0, 20, 49, 20)
    assert panes.resize(False, -1)
    assert [box[3] for box in panes.boxes(100, 40)] == [18, 18, 22, 22]
    while panes.resize(True, 1):
        pass
    assert panes.boxes(100, 40)[1][2] >= 5
    edge = panes.edge(90, 18, 100, 40)
    assert edge is not None
    assert edge.split.widen(0, 0.1)
    assert [box[3] for box in panes.boxes(100, 40)] == [22, 22, 18, 18]
    assert panes.edge(90, 18, 100, 40) is None
    assert not Panes().resize(True, 1)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"right": []},
        {"right": [{}]},
        {"below": "x"},
        {"run": 3},
        {"right": [{}, {}], "shares": [1]},
        {"right": [{}, {}], "shares": [1, 0]},
        {"right": [{}, {}], "shares": [1, "wide"]},
        {"right": [{}] * 13},
        {"right": [{"below": [{}] * 12}, {"below": [{}] * 12}]},
    ],
)
def test_what_is_no_layout_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="pane"):
        Panes.from_data(data, {})


def test_a_deep_layout_is_refused_without_running_away() -> None:
    data: object = {}
    for _ in range(500):
        data = {"right": [data, {}]}
    with pytest.raises(ValueError, match="pane"):
        Panes.from_data(data, {})
