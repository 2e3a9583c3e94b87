"""The picture of a chart: its size, its marks, its honesty about what it leaves out."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from lossmon.charts import (
    Band,
    Glyphs,
    Line,
    Mark,
    Palette,
    Picture,
    Viewport,
    XAxis,
    draw,
    row_text,
)
from lossmon.charts.palette import line_style

ANY = st.floats(allow_nan=True, allow_infinity=True)
SIZES = st.tuples(st.integers(1, 130), st.integers(1, 40))


def assert_exact(picture: Picture, width: int, height: int) -> None:
    assert len(picture.rows) == height
    for row in picture.rows:
        assert cell_len(row_text(row)) == width


def line(y: object, x: object = None, role: str = "other", **more: object) -> Line:
    values = np.asarray(y, dtype=float)
    positions = np.arange(len(values), dtype=float) if x is None else np.asarray(x, float)
    return Line("loss", positions, values, role, **more)  # type: ignore[arg-type]


def canvas(picture: Picture) -> list[str]:
    area = picture.area
    rows = picture.rows[area.top : area.top + area.height]
    return [row_text(row)[area.left :] for row in rows]


@settings(max_examples=150, deadline=None)
@given(
    size=SIZES,
    points=st.lists(st.tuples(ANY, ANY), max_size=40),
    role=st.sampled_from(["raw", "ema", "eval", "other", "dimmed"]),
    glyphs=st.sampled_from(list(Glyphs)),
    palette=st.sampled_from(list(Palette)),
    axis=st.sampled_from(list(XAxis)),
    log_y=st.booleans(),
    y_range=st.one_of(st.sampled_from(["fit", "robust"]), st.tuples(ANY, ANY)),
    x_range=st.one_of(st.none(), st.tuples(ANY, ANY)),
    cursor=st.one_of(st.none(), ANY),
)
def test_any_numbers_give_exactly_the_size_asked_for(
    size, points, role, glyphs, palette, axis, log_y, y_range, x_range, cursor
):
    x = np.array([p[0] for p in points], float)
    y = np.array([p[1] for p in points], float)
    lines = [Line("loss", x, y, role, 0, "●"), Line("模型 eval", x, y[::-1], "eval", 1)]
    marks = [Mark(float(a), "spike", "Spike", severity="warning") for a in x[:5]]
    marks += [Mark(float(a), "best_eval", "best", float(b)) for a, b in points[:2]]
    marks += [Mark(float(a), "nan") for a in x[:2]]
    bands = [Band("forecast", x, y - 1, y + 1)]
    view = Viewport(
        *size,
        x_axis=axis,
        x_range=x_range,
        y_range=y_range,
        log_y=log_y,
        glyphs=glyphs,
        palette=palette,
        cursor_x=cursor,
        title="a run 名",
    )
    picture = draw(lines, marks, bands, view)
    assert_exact(picture, *size)
    if glyphs is Glyphs.ASCII:
        assert picture.text.isascii()
    assert draw(lines, marks, bands, view).rows == picture.rows


@pytest.mark.parametrize(
    "values",
    [
        [],
        [3.0],
        [2.0] * 50,
        [np.nan] * 9,
        [1e300, -1e300],
        [-5.0, -1.0],
        [0.0, 0.0],
        [5e-324, 1e-323],
        [np.inf, 1.0, -np.inf],
    ],
)
@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize("size", [(20, 5), (60, 16), (120, 40)])
def test_degenerate_data(values, log_y, size):
    assert_exact(draw([line(values)], (), (), Viewport(*size, log_y=log_y)), *size)


def test_empty_says_so():
    picture = draw([], (), (), Viewport(40, 10, empty="waiting for the first point"))
    assert picture.empty
    assert "waiting for the first point" in picture.text
    # No numbers are made up, and the axis stands where it will stand.
    assert not any(char.isdigit() for char in picture.text)
    assert all(text[5] == "│" for text in picture.text.split("\n")[1:8])


def test_only_nan_says_so_and_marks_the_steps():
    picture = draw([line([np.nan] * 5)], (), (), Viewport(50, 12))
    assert picture.empty
    assert "only NaN" in picture.text
    nan_row = next(row_text(row) for row in picture.rows if "NaN│" in row_text(row))
    assert nan_row.count("×") == 5


@pytest.mark.parametrize("glyphs", list(Glyphs))
@pytest.mark.parametrize("n", [50, 3_000, 200_000])
def test_a_spike_of_one_point_is_seen(n, glyphs):
    values = np.full(n, 1.0)
    at = n * 2 // 3
    values[at] = 9.0
    picture = draw([line(values)], (), (), Viewport(80, 20, glyphs=glyphs))
    column = picture.to_col(float(at))
    rows = canvas(picture)
    top = rows[picture.to_row(9.0) - picture.area.top]
    near = top[column - picture.area.left - 1 : column - picture.area.left + 2]
    assert near.strip(), "the spike's tip"
    if glyphs is not Glyphs.ASCII:
        middle = rows[picture.to_row(5.0) - picture.area.top]
        assert middle[column - picture.area.left - 1 : column - picture.area.left + 2].strip()


def test_line_is_where_its_values_are():
    picture = draw([line([0.0, 10.0])], (), (), Viewport(60, 20, legend=False))
    for x, y in ((0.0, 0.0), (1.0, 10.0), (0.5, 5.0)):
        row, column = picture.to_row(y), picture.to_col(x)
        rows = picture.text.split("\n")[max(row - 1, 0) : row + 2]
        around = [text[column - 1 : column + 2] for text in rows]
        assert any(0x2800 < ord(char) < 0x2900 for part in around for char in part)


def test_nan_breaks_the_line():
    values = np.ones(60)
    values[25:35] = np.nan
    picture = draw([line(values)], (), (), Viewport(66, 10, legend=False))
    row = canvas(picture)[picture.to_row(1.0) - picture.area.top]
    hole = row[picture.to_col(26) - picture.area.left : picture.to_col(33) - picture.area.left]
    assert not any(0x2800 < ord(char) < 0x2900 for char in hole)
    assert picture.nonfinite == 10


def test_columns_and_x_agree():
    picture = draw([line(np.arange(100))], (), (), Viewport(100, 20))
    for column in range(picture.area.left, picture.area.left + picture.area.width):
        assert picture.to_col(picture.to_x(column)) == column
    for row in range(picture.area.top, picture.area.top + picture.area.height):
        assert picture.to_row(picture.to_y(row)) == row


def test_off_scale_points_are_counted_and_pointed_at():
    values = np.ones(100) + np.linspace(0, 0.1, 100)
    values[[10, 20, 30]] = 50.0
    values[40] = -50.0
    picture = draw([line(values)], (), (), Viewport(80, 20, y_range=(0.9, 1.2)))
    assert picture.off_scale == 4
    assert "4 off scale" in picture.text
    assert canvas(picture)[0].count("▴") == 3
    assert canvas(picture)[-1].count("▾") == 1


def test_robust_range_keeps_the_bulk():
    values = np.concatenate(([80.0, 40.0], 2 + np.sin(np.arange(400)) * 0.1))
    picture = draw([line(values)], (), (), Viewport(80, 20, y_range="robust"))
    assert picture.y_range[1] < 3
    assert picture.off_scale == 2


def test_log_axis_counts_what_it_cannot_show():
    values = np.array([1.0, 0.1, 0.0, -1.0, 0.01])
    picture = draw([line(values)], (), (), Viewport(80, 20, log_y=True))
    assert picture.nonpositive == 2
    assert "2 ≤ 0 not shown" in picture.text
    assert "log y" in picture.text
    assert picture.y_range[0] > 0


def test_log_axis_is_logarithmic():
    picture = draw([line([100.0, 1.0])], (), (), Viewport(80, 25, log_y=True))
    middle = picture.to_row(10.0)
    assert abs(middle - (picture.to_row(100.0) + picture.to_row(1.0)) / 2) <= 1


def test_zoom_fits_y_to_what_is_in_view():
    values = np.concatenate((np.linspace(100, 2, 50), np.full(50, 1.5), np.full(50, 1.6)))
    picture = draw([line(values)], (), (), Viewport(80, 20, x_range=(60, 149)))
    assert picture.y_range[1] < 2
    assert picture.x_range == (60, 149)


def test_zoom_and_pan_keep_their_place():
    picture = draw([line(np.arange(101))], (), (), Viewport(80, 20))
    low, high = picture.zoom(0.5, 20)
    assert (high - low) == pytest.approx(50)
    assert (20 - low) / (high - low) == pytest.approx(0.2)
    zoomed = draw([line(np.arange(101))], (), (), Viewport(80, 20, x_range=(20, 60)))
    assert zoomed.pan(0.25) == (30, 70)


def test_pan_ends_where_the_lines_do():
    lines = [line(np.arange(101))]
    assert draw(lines, (), (), Viewport(80, 20)).pan(0.25) == (0, 100)
    near = draw(lines, (), (), Viewport(80, 20, x_range=(60, 95)))
    assert near.pan(1.0) == (65, 100)
    assert near.pan(-3.0) == (0, 35)
    # What is seen beyond the end already, a live run's room, stays.
    beyond = draw(lines, (), (), Viewport(80, 20, x_range=(80, 120)))
    assert beyond.pan(0.5) == (80, 120)


def test_crosshair_gives_exact_values():
    x = np.arange(0, 1000, 10.0)
    train = Line("train", x, np.sqrt(x), "raw")
    evaluation = Line("eval", x[::10], x[::10] / 7, "eval", 1, "◆")
    view = Viewport(100, 20, cursor_x=310.0)
    picture = draw([train, evaluation], (), (), view)
    values = {value.label: value for value in picture.cursor_values}
    assert values["train"].value == np.sqrt(310.0)
    assert (values["eval"].x, values["eval"].value) == (300.0, 300.0 / 7)
    top = row_text(picture.rows[0])
    assert "step 310" in top
    assert "train 17.6068" in top
    assert "eval 42.8571 @ 300" in top
    assert "│" in canvas(picture)[-1]


def test_crosshair_passes_over_nan():
    values = np.array([1.0, np.nan, np.nan, 4.0])
    picture = draw([line(values)], (), (), Viewport(60, 12, cursor_x=1.2))
    assert picture.cursor_values[0].value in (1.0, 4.0)


def test_event_labels_do_not_overlap_and_stay_inside():
    source = random.Random(4)
    kinds = ["spike", "plateau", "overfitting", "resume"]
    marks = [
        Mark(source.uniform(0, 99), source.choice(kinds), f"Label {number}", severity="warning")
        for number in range(30)
    ]
    picture = draw([line(np.arange(100))], marks, (), Viewport(90, 24))
    assert_exact(picture, 90, 24)
    strip = [row_text(row) for row in picture.rows[1 : picture.area.top]]
    words = [f"Label {number}" for number in range(30)]
    shown = [word for word in words if any(word in row for row in strip)]
    assert len(shown) >= 3
    assert all(row[0] == " " for row in strip)


def test_the_gravest_event_keeps_its_word():
    marks = [Mark(50 + n / 10, "spike", f"Spike {n}") for n in range(8)]
    marks.append(Mark(50.4, "divergence", "Diverging 50", severity="critical"))
    picture = draw([line(np.arange(100))], marks, (), Viewport(60, 12))
    assert "Diverging 50" in picture.text


def test_marks_do_not_hide_data():
    values = line(np.full(100, 5.0))
    marks = [Mark(float(at), "divergence", severity="critical") for at in range(100)]
    bare = canvas(draw([values], (), (), Viewport(80, 20)))
    marked = canvas(draw([values], marks, (), Viewport(80, 20)))

    def dots(rows: list[str]) -> int:
        return sum(0x2800 < ord(char) < 0x2900 for row in rows for char in row)

    assert dots(marked) == dots(bare) > 0


def test_best_eval_is_starred_and_named():
    evaluation = line([3.0, 2.0, 4.0], [0, 100, 200], role="eval")
    picture = draw([evaluation], [Mark(100, "best_eval", "best", 2.0)], (), Viewport(60, 14))
    row, column = picture.to_row(2.0), picture.to_col(100)
    assert row_text(picture.rows[row])[column] == "★"
    assert "★ best 2 @ 100" in picture.text


def test_lines_differ_without_colour():
    x = np.arange(50.0)
    lines = [Line(f"run {n}", x, x + 10 * n, "other", n, "●▲■"[n]) for n in range(3)]
    picture = draw(lines, (), (), Viewport(80, 24, palette=Palette.NONE))
    body = "\n".join(canvas(picture))
    assert all(char in body for char in "●▲■")
    assert {span.style for row in picture.rows for span in row} <= {"", "bold", "dim"}


def test_band_is_drawn_between_its_edges():
    x = np.array([0.0, 100.0])
    band = Band("forecast", x, np.array([2.0, 2.0]), np.array([8.0, 8.0]))
    picture = draw([line([0.0, 10.0], x)], (), [band], Viewport(80, 24))
    rows = canvas(picture)
    inside = rows[picture.to_row(5.0) - picture.area.top]
    outside = rows[picture.to_row(9.5) - picture.area.top]
    assert sum(0x2800 < ord(c) < 0x2900 for c in inside) > 60
    assert sum(0x2800 < ord(c) < 0x2900 for c in outside) < 10


def test_unsorted_x_is_sorted():
    x = np.array([3.0, 1.0, 2.0])
    shuffled = draw([line(x * 2, x)], (), (), Viewport(60, 12))
    ordered = draw([line([2.0, 4.0, 6.0], [1, 2, 3])], (), (), Viewport(60, 12))
    assert shuffled.rows == ordered.rows


def test_inputs_are_not_changed():
    values = np.array([1e308, np.nan, -1e308, 3.0])
    values.flags.writeable = False
    x = np.arange(4.0)
    x.flags.writeable = False
    draw([Line("loss", x, values)], (), (), Viewport(60, 12))


def test_layout_holds_while_values_change():
    view = Viewport(80, 20)
    one = draw([line([1.0, 2.0])], (), (), view)
    two = draw([line([1234.0, 2345.6])], (), (), view)
    assert one.area == two.area


def test_legend_that_does_not_fit_is_counted():
    lines = [Line(f"a rather long name {n}", np.arange(2.0), np.arange(2.0)) for n in range(9)]
    picture = draw(lines, (), (), Viewport(60, 12))
    assert "+7 more" in row_text(picture.rows[0])
    silent = draw(lines, (), (), Viewport(60, 12, more=""))
    assert "+" not in row_text(silent.rows[0])
    assert_exact(picture, 60, 12)
    where = draw(lines, (), (), Viewport(60, 12, more="below"))
    assert row_text(where.rows[0]).rstrip().endswith("+7 below")
    assert_exact(where, 60, 12)


def test_a_legend_says_less_before_it_leaves_a_line_out():
    x = np.arange(40.0)
    lines = [
        Line("train/loss", x, x, "raw"),
        Line("train/loss smoothed", x, x, "ema"),
        Line("val/loss", x, x, "eval", 1, "◆"),
    ]
    best = Mark(3.0, "best_eval", "best", 1.234)
    wide = draw(lines, (best,), (), Viewport(80, 12)).rows[0]
    assert row_text(wide).split("  ")[:4] == [
        "━━ train/loss smoothed", "◆ val/loss", "⢔⢕ raw", "★ best 1.234 @ 3",
    ]  # fmt: skip
    narrow = draw(lines, (best,), (), Viewport(46, 12)).rows[0]
    assert row_text(narrow).rstrip() == "━━ train/loss  ◆ val/loss  ★ 1.234 @ 3"


def test_the_chosen_line_is_first_above_the_others_and_thick():
    x = np.arange(60.0)
    lines = [Line(name, x, x * 0 + 1, "other", hue) for hue, name in enumerate("ab")]
    lines[0] = replace(lines[0], strong=True)
    picture = draw(lines, (), (), Viewport(60, 12))
    assert row_text(picture.rows[0]).startswith("── a  ── b")
    drawn = {span.style for row in picture.rows[1:-2] for span in row[2:] if span.text.strip("⠀ ·")}
    assert drawn == {line_style(Palette.DARK, "other", 0)}
    plain = draw([replace(lines[0], strong=False)], (), (), Viewport(60, 12))
    dots = [sum(ord(c) - 0x2800 for c in one.text if "⠀" <= c <= "⣿") for one in (picture, plain)]
    assert dots[0] > dots[1]
    cursor = draw(lines[::-1], (), (), Viewport(60, 12, cursor_x=3.0))
    assert [value.label for value in cursor.cursor_values] == ["a", "b"]


def test_the_crosshair_leaves_out_what_is_computed_before_what_was_logged():
    x = np.arange(40.0)
    lines = [
        Line("loss", x, x, "raw"),
        Line("loss smoothed", x, x, "ema"),
        Line("eval_loss", x[::10], x[::10], "eval", 1, "◆"),
    ]
    wide, narrow = (
        row_text(draw(lines, (), (), Viewport(width, 12, cursor_x=20.0)).rows[0])
        for width in (80, 44)
    )
    assert wide.rstrip() == "step 20  loss smoothed 20  loss 20  ◆ eval_loss 20"
    assert narrow.rstrip() == "step 20  loss 20  ◆ eval_loss 20"


def test_markup_in_names_is_text():
    picture = draw([replace(line([1.0, 2.0]), label="[red]x[/red]")], (), (), Viewport(60, 12))
    assert "[red]x[/red]" in picture.text


def test_a_second_row_of_labels_only_where_one_is_too_narrow():
    lines = [line(np.arange(100))]
    few = draw(
        lines, [Mark(10, "spike"), Mark(50, "plateau"), Mark(90, "spike")], (), Viewport(90, 24)
    )
    near = draw(
        lines, [Mark(10, "spike"), Mark(11, "plateau"), Mark(12, "spike")], (), Viewport(90, 24)
    )
    assert (few.area.top, near.area.top) == (2, 3)
    assert "Spike" in near.text
    assert "Plateau" in near.text


def test_many_marks_are_no_fence():
    marks = [Mark(float(at), "spike") for at in range(100)]
    marks[40] = Mark(40, "divergence", severity="critical")
    picture = draw([line(np.full(100, 5.0))], marks, (), Viewport(120, 20, legend=False))
    rows = canvas(picture)
    assert rows[0].count("╎") > 50
    assert all(row.count("╎") <= 16 for row in rows[1:])
    column = picture.to_col(40) - picture.area.left
    assert sum(row[column] == "╎" for row in rows) >= len(rows) - 2
