"""The pure parts: numbers in words, progress, ranges, comparing, what is chosen first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.charts.cache import LineCache
from lossmon.charts.spec import Glyphs, XAxis, row_text
from lossmon.model import Batch, Column, Run, RunView, Summary
from lossmon.tui.comparing import Comparison, Question, compare, configuration
from lossmon.tui.desk import ChartOptions, Desk, by_urgency, glyphs_for
from lossmon.tui.marks import EVENTS, STATES, VERDICTS
from lossmon.tui.numbers import Number, numbers, trend
from lossmon.tui.panels.runs import title_row
from lossmon.tui.panels.table import columns_for, matches
from lossmon.tui.progress import progress
from lossmon.tui.ranges import calm_end, shown_range
from lossmon.tui.theme import choose_paint
from tests.tui.runs import broken, fresh, make_run, overfit, snapshot

# ---- numbers


def by_name(run: RunView) -> dict[str, Number]:
    return {number.name: number for number in numbers(run)}


def test_cross_entropy_is_told_as_a_probability_only_where_it_is_one() -> None:
    run = make_run()
    assert by_name(run)["loss"].words.startswith("the right answer gets 37 %")
    other = replace(run, summary=replace(run.summary, probability=None, perplexity=None))
    assert "token" not in by_name(other)["loss"].words


def test_without_an_eval_it_says_that_overfitting_is_not_checked() -> None:
    run = make_run()
    alone = replace(run, summary=replace(run.summary, eval=None, gap=None, best_eval=None))
    assert "overfitting is not checked" in by_name(alone)["eval gap"].words


def test_the_checkpoint_to_keep_is_named() -> None:
    assert by_name(overfit())["best eval"].words.endswith("keep checkpoint-800")


def test_a_nan_is_said_in_words() -> None:
    assert by_name(broken())["last point"].value == "NaN"


def test_unknown_numbers_are_left_out_not_guessed() -> None:
    assert {"learned", "trend", "noise", "best eval"}.isdisjoint(by_name(fresh()))


def test_briefs_fit_a_narrow_panel() -> None:
    for run in (make_run(), overfit(), broken(), fresh()):
        for number in numbers(run):
            assert len(number.brief) <= 28, number


@pytest.mark.parametrize(
    ("slope", "error", "word"),
    [
        (-0.2, 0.01, "falling"),
        (-0.2, 0.2, "level"),
        (0.2, 0.01, "rising"),
        (0.0, None, "level"),
        (None, None, ""),
        (math.nan, 1.0, ""),
    ],
)
def test_an_arrow_only_where_it_is_clear_of_the_noise(
    slope: float | None, error: float | None, word: str
) -> None:
    summary = Summary(slope_per_1000_steps=slope, slope_error_per_1000_steps=error)
    assert trend(replace(make_run(), summary=summary)).word == word


# ---- progress


def test_time_left_follows_from_the_speed() -> None:
    done = progress(make_run())
    assert done.steps_per_second == pytest.approx(5.0)
    assert done.seconds_left == pytest.approx((4000 - 1990) / 5)
    assert done.share == pytest.approx(1990 / 4000)


def test_a_pause_is_no_training_time() -> None:
    run = Run("x", "x", "jsonl")
    times = np.arange(100.0)
    times[50:] += 100_000
    run.append(Batch(np.arange(100.0), (Column("loss", np.ones(100)),), None, times))
    view = replace(make_run(), series=(run.view("loss"),))
    assert progress(view).steps_per_second == pytest.approx(1.0, rel=0.02)


def test_a_run_that_is_over_has_no_time_left() -> None:
    assert progress(make_run(state="finished")).seconds_left is None


# ---- ranges


@given(st.floats(0, 1e9), st.floats(1e-3, 1e9))
def test_the_calm_end_holds_the_data_and_wastes_little(low: float, size: float) -> None:
    high = low + size
    if high <= low:
        return
    end = calm_end(low, high)
    assert end >= high - 1e-6 * size
    assert end - low <= size * 1.2 + 1e-6 * high


def test_the_axis_stays_while_a_run_grows_a_little() -> None:
    ends = {calm_end(0.0, float(step)) for step in range(5_010, 5_100)}
    assert len(ends) == 1


def test_a_zoom_that_follows_moves_on_in_quarters() -> None:
    options = ChartOptions(x_range=(0.0, 100.0))
    assert shown_range(0, 101, options, True) == (25.0, 125.0)
    assert shown_range(0, 120, options, True) == (25.0, 125.0)
    options.follow = False
    assert shown_range(0, 900, options, True) == (0.0, 100.0)


# ---- comparing


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("s1", "s2", True),
        ("seed-1", "seed-2", True),
        ("lr3e4-s0", "lr3e4-s1", True),
        ("a", "b", False),
        ("lr1-s0", "lr2-s0", False),
        ("run", "run", True),
        ("q-s1.jsonl", "q-s2.jsonl", True),
        ("q-s1.jsonl", "q-s2.csv", True),
        ("q.jsonl", "q.csv", False),
    ],
)
def test_configurations(one: str, other: str, same: bool) -> None:
    assert (configuration(one) == configuration(other)) is same
    assert configuration("q-s1.jsonl") == "q seeds"


def compared(
    runs: Sequence[RunView], baseline: str, before: Comparison | None = None, **more: Any
) -> Comparison:
    question = Question(
        tuple(runs),
        tuple(run.name for run in runs),
        tuple(range(len(runs))),
        XAxis.STEP,
        0.0,
        None,
        baseline,
        **more,
    )
    return compare(question, LineCache(), before)


def test_differences_are_to_the_baseline() -> None:
    runs = [make_run("a", final=1.0), make_run("b", final=1.5, seed=1)]
    found = compared(runs, "id-a").found
    assert found[0].difference == 0
    assert found[1].difference == pytest.approx(0.5, abs=0.1)
    assert found[1].reach_x is None
    assert found[0].best is not None


def test_seeds_tell_a_real_difference_from_luck() -> None:
    seeds = [make_run(f"s{i}", final=1.0 + 0.1 * i, seed=i) for i in range(4)]
    far, near = make_run("far", final=3.0, seed=8), make_run("near", final=1.2, seed=9)
    runs = [*seeds, far, near]
    found = compared(runs, "id-s0")
    group = found.groups[0]
    assert len(group.members) == 4
    finals = [one.final for one in group.members if one.final is not None]
    assert group.spread == pytest.approx(float(np.std(finals, ddof=1)))
    said = "\n".join(found.said)
    assert "far − s0" in said
    assert said.split("far − s0")[1].split("\n")[0].endswith("larger than seeds explain")
    assert said.split("near − s0")[1].split("\n")[0].endswith("seeds alone can make that")


def test_configurations_with_seeds_are_compared_as_groups() -> None:
    runs = [make_run(f"low-s{i}", final=1.0 + i / 50, seed=i) for i in range(4)]
    runs += [make_run(f"high-s{i}", final=1.5 + i / 50, seed=i + 4) for i in range(4)]
    said = compared(runs, "id-low-s0").said
    assert len(said) == 3
    assert said[2].startswith("high seeds − low seeds: +0.5")
    assert said[2].endswith("larger than seeds explain")


def test_only_runs_that_have_changed_are_read_again() -> None:
    runs = [make_run(f"r{i}", 50, seed=i) for i in range(3)]
    first = compared(runs, "id-r0")
    runs[2] = make_run("r2", 60, seed=2)
    second = compared(runs, "id-r0", first)
    assert [a is b for a, b in zip(first.found, second.found, strict=True)] == [True, True, False]
    # Another baseline: the same lines, other differences.
    third = compared(runs, "id-r1", second)
    assert all(a.line is b.line for a, b in zip(second.found, third.found, strict=True))
    assert third.found[1].difference == 0
    anew = compared(runs, "id-r1")
    assert [one.difference for one in third.found] == [one.difference for one in anew.found]


def test_a_band_stands_for_its_seeds() -> None:
    runs = [*(make_run(f"s{i}", 50, seed=i) for i in range(3)), make_run("other", 50)]
    made = compared(runs, "id-s0", bands=True)
    assert [line.label for line in made.lines] == ["other", "seeds (3)"]
    assert [band.label for band in made.bands] == ["seeds (3) ± sd"]
    stacked = np.vstack([one.line.y for one in made.found[:3] if one.line is not None])
    at = np.interp(made.found[0].line.x[7], made.lines[1].x, made.lines[1].y)  # type: ignore[union-attr]
    assert at == pytest.approx(stacked[:, 7].mean(), rel=0.01)


# ---- the desk


def test_alarmed_then_live_then_newest() -> None:
    done = make_run("done", state="finished")
    earlier = replace(make_run("earlier", state="finished"), last_growth=1.0)
    order = by_urgency([earlier, done, make_run(), overfit(), broken()])
    assert [run.name for run in order] == ["beta", "gamma", "alpha", "done", "earlier"]


def test_live_runs_stand_by_their_beginning_and_do_not_change_places() -> None:
    first, second = make_run("first"), make_run("second")
    for grown in ((1.0, 2.0), (4.0, 3.0)):
        runs = [
            replace(run, last_growth=time) for run, time in zip((first, second), grown, strict=True)
        ]
        assert [run.name for run in by_urgency(runs)] == ["first", "second"]
    base = second.series[0]
    assert base.axis_times is not None
    late = replace(base, axis_times=base.axis_times + 600)
    later = replace(second, series=(late,))
    assert [run.name for run in by_urgency([first, later])] == ["second", "first"]


def test_the_most_urgent_is_chosen_once_all_is_read() -> None:
    desk = Desk()
    desk.take(snapshot(make_run(), scanning=True))
    assert desk.chosen == "id-alpha"
    desk.take(snapshot(make_run(), broken(), version=2))
    assert desk.chosen == "id-gamma"
    desk.take(snapshot(make_run(), broken(), overfit(), version=3))
    assert desk.chosen == "id-gamma"


def test_a_run_keeps_its_colour() -> None:
    desk = Desk()
    desk.take(snapshot(make_run(), overfit()))
    before = desk.color("id-beta")
    desk.take(snapshot(broken(), overfit(), version=2))
    assert desk.color("id-beta") == before


@pytest.mark.parametrize(
    ("query", "name", "found"),
    [
        ("", "x", True),
        ("lma", "llama-lora", True),
        ("LORA", "llama-lora", True),
        ("lora llama", "llama-lora", True),
        ("xa", "llama", False),
        ("aal", "llama", False),
    ],
)
def test_fuzzy(query: str, name: str, found: bool) -> None:
    assert matches(query, name) is found


@given(st.integers(20, 300))
def test_columns_fit_their_width(width: int) -> None:
    used = sum(size + 2 for _, size in columns_for(width))
    assert used <= max(width, 20) + 2


# ---- the terminal


@pytest.mark.parametrize(
    ("wanted", "environ", "name"),
    [
        ("auto", {"TERM": "xterm-256color"}, "dark"),
        ("auto", {"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "light"),
        ("auto", {"TERM": "linux"}, "16"),
        ("auto", {"NO_COLOR": "1"}, "none"),
        ("light", {"NO_COLOR": ""}, "light"),
        ("nonsense", {"TERM": "tmux-256color"}, "dark"),
    ],
)
def test_the_theme_follows_the_terminal(wanted: str, environ: dict[str, str], name: str) -> None:
    assert choose_paint(wanted, environ).name == name


def test_glyphs_follow_the_terminal() -> None:
    assert glyphs_for(False, "xterm", "utf-8") is Glyphs.BRAILLE
    assert glyphs_for(False, "linux", "utf-8") is Glyphs.BLOCK
    assert glyphs_for(False, "xterm", "ANSI_X3.4-1968") is Glyphs.ASCII
    assert glyphs_for(True, "xterm", "utf-8") is Glyphs.ASCII


def test_every_mark_has_its_own_shape_and_word() -> None:
    for marks in (VERDICTS, STATES):
        for kind in ("shape", "plain", "word"):
            values = [getattr(mark, kind) for mark in marks.values()]
            assert len(set(values)) == len(values), kind
    assert len(set(EVENTS.values())) == len(EVENTS)


@pytest.mark.parametrize("width", [80, 120])
def test_however_long_a_name_its_state_stands_in_the_title(width: int) -> None:
    run = make_run(name="a-long-name-of-a-run-" * 12)
    desk = Desk()
    desk.take(snapshot(run))
    title = row_text(title_row(desk, "focus", width))
    assert len(title) == width
    assert "live" in title


def test_large_shares_are_told_in_times() -> None:
    run = make_run()
    far = replace(run, summary=replace(run.summary, gap=61.0, gap_rating="overfitting"))
    assert by_name(far)["eval gap"].value == "62 ×"
    worse = replace(run, summary=replace(run.summary, reduction=-140.2))
    assert by_name(worse)["learned"].value == "nothing"
    assert "141 × its first value" in by_name(worse)["learned"].words
    little = replace(run, summary=replace(run.summary, reduction=-0.2))
    assert "20 % above its first value" in by_name(little)["learned"].words
    broke = replace(broken(), summary=run.summary)
    assert by_name(broke)["eval gap"].value == "–"
