"""The screen follows its news at its share of a core, and at once what comes now and then."""

from __future__ import annotations

import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lossmon.settings import Settings
from lossmon.tui.app import LossmonApp
from lossmon.tui.pace import BEGINNING, DEBT, LONGEST, OPENING, SAVED, SHARE, Pace
from lossmon.tui.screens.focus import Focus
from tests.tui.runs import HandFeed, make_run, snapshot
from tests.tui.screens import lines, shown, until

DEAREST = 0.9 * SHARE * LONGEST
"""CPU seconds of a picture that the longest wait pays for."""


def test_the_first_pictures_are_drawn_at_once() -> None:
    pace = Pace()
    for _ in range(5):
        assert pace.wait(0.0) == 0
        pace.spend(BEGINNING / 5, 0.0)


def test_what_the_beginning_left_is_gone_after_it() -> None:
    pace = Pace()
    assert pace.wait(0.0) == 0
    pace.spend(SAVED, OPENING)
    assert pace.saved(OPENING)
    pace.spend(0.9 * SHARE, OPENING)
    assert not pace.saved(OPENING)


def test_what_comes_now_and_then_never_waits() -> None:
    pace = Pace()
    for second in range(100):
        assert pace.wait(float(second)) == 0
        pace.spend(0.9 * SHARE, float(second))


@given(
    st.lists(
        st.tuples(st.floats(0, 0.5), st.floats(0, DEAREST)), min_size=50, max_size=300
    )
)  # fmt: skip
def test_a_stream_costs_its_share(pictures: list[tuple[float, float]]) -> None:
    """No more than the share, one picture, and what there was at first; what was saved later on."""
    pace, now, spent = Pace(), 0.0, 0.0
    later = None
    for distance, cost in pictures:
        now += distance  # there is news; it is drawn once that can be afforded
        now += pace.wait(now)
        pace.spend(cost, now)
        if later is None and now - pictures[0][0] >= OPENING:  # it counts from the first one
            later = (now, spent)
        spent += cost
        assert spent <= SHARE * now + BEGINNING + DEAREST + 1e-9
        if later is not None:
            began, before = later
            assert spent - before <= SHARE * (now - began) + SAVED + DEAREST + 1e-9


def test_what_is_owed_is_known_though_the_picture_comes() -> None:
    """The longest wait is over before the debt is: that picture was not saved up for."""
    pace = Pace()
    pace.spend(100.0, 0.0)
    assert pace.wait(0.0) == LONGEST
    assert pace.wait(LONGEST) == 0
    assert not pace.saved(LONGEST)
    assert pace.saved(DEBT)
    assert Pace(0.0).saved(0.0)


@given(st.floats(0, 100), st.floats(0, 1000))
def test_no_picture_waits_longer_than_the_longest_time(cost: float, at: float) -> None:
    pace = Pace()
    pace.spend(cost, at)
    assert 0 <= pace.wait(at) <= LONGEST


def test_without_a_share_there_is_no_limit() -> None:
    pace = Pace(0.0)
    pace.spend(100.0, 0.0)
    assert pace.wait(0.0) == 0


async def test_news_that_waited_is_drawn() -> None:
    """After pictures that cost all there was, the newest snapshot comes by itself."""
    pace = Pace()
    feed = HandFeed(make_run("first"))
    app = LossmonApp(feed, Settings(), pace=pace)
    async with shown(app) as pilot:
        pace.spend(100.0, time.monotonic())
        feed.send(make_run("second"), version=2)
        feed.send(make_run("third"), version=3)
        assert [run.name for run in app.desk.runs] == ["first"]
        await until(pilot, lambda: [run.name for run in app.desk.runs] != ["first"])
        assert [run.name for run in app.desk.runs] == ["third"]


async def test_while_nobody_looks_the_feed_rests() -> None:
    pace = Pace()
    feed = HandFeed(make_run("first"))
    app = LossmonApp(feed, Settings(), pace=pace)
    async with shown(app) as pilot:
        pace.spend(100.0, time.monotonic())
        feed.rests.clear()
        feed.send(make_run("second"), version=2)
        await until(pilot, lambda: feed.rests)
        assert 0 < feed.rests[-1] <= LONGEST


async def test_where_the_budget_is_spent_the_chart_comes_a_little_later() -> None:
    """The figures stand at once; the chart is drawn soon after, without further news."""
    app = LossmonApp(HandFeed(make_run(points=300)), Settings())
    async with shown(app) as pilot:
        view = app.view
        assert isinstance(view, Focus)
        chart = view.active_chart()
        before = chart.picture
        run = make_run(points=600, version=2)
        app.desk.sparing = True
        app.take(snapshot(run, version=2))
        app.desk.sparing = False
        assert chart.picture is before
        assert "5,990" in "\n".join(lines(app)[24:])
        await until(pilot, lambda: chart.picture is not before)
        app.take(snapshot(replace(run, version=3), version=3))  # what is not spared is drawn
        assert chart.picture is not before
