"""Every key of the screen, in one place: help, footer, command palette and tests read this table.

A key belongs to scopes: `all` views, or the named ones. Its action is the name
of a Textual action without the `action_` prefix; the view (a screen) or the
app has the method.
"""

from __future__ import annotations

from typing import Final, cast

from lossmon.tui.key import CHART_VIEWS, Key, Scope

__all__ = ["CHART_VIEWS", "KEYS", "Key", "keys_of"]


def _key(
    keys: str,
    action: str,
    short: str,
    text: str,
    scopes: str = "all",
    *,
    footer: bool = False,
    label: str = "",
    option: str = "",
) -> Key:
    """Return a key; names and scopes are split at blanks."""
    where = cast("tuple[Scope, ...]", tuple(scopes.split()))
    return Key(tuple(keys.split()), action, short, text, where, footer, label, option)


KEYS: Final[tuple[Key, ...]] = (
    # Views.
    _key(
        "question_mark f1", "help", "help", "Keys, marks and what every number means", footer=True
    ),
    _key("q ctrl+q", "quit", "quit", "Quit", footer=True),
    _key("1", "view('overview')", "runs", "Overview: all runs in a table", option="--view"),
    _key("2", "view('focus')", "focus", "Focus: one run, everything about it", option="--view"),
    _key("3", "view('panes')", "panes", "Panes: several charts side by side", option="--view"),
    _key(
        "4",
        "view('compare')",
        "compare",
        "Compare: marked runs laid over each other",
        option="--view",
    ),
    _key(
        "5",
        "view('metrics')",
        "metrics",
        "Metrics: every series of the run in small charts",
        option="--view",
    ),
    _key("6", "view('log')", "log", "Log: the last records, as they were read", option="--view"),
    _key("tab", "next_view", "view", "Next view", footer=True),
    _key("shift+tab", "next_view(-1)", "", "Previous view"),
    _key("escape backspace", "back", "back", "Back: close, clear the filter, leave the view"),
    # Runs.
    _key(
        "n j down",
        "move(1)",
        "next run",
        "Next run",
        "focus log metrics",
        footer=True,
        label="n/p",
        option="--run-name",
    ),
    _key("p k up", "move(-1)", "", "Previous run", "focus log metrics", option="--run-name"),
    _key(
        "j down n",
        "move(1)",
        "down",
        "Down one row",
        "overview compare",
        label="j/k",
        footer=True,
        option="--run-name",
    ),
    _key("k up p", "move(-1)", "", "Up one row", "overview compare", option="--run-name"),
    _key("pagedown ctrl+d", "page(1)", "", "A page down", "overview compare metrics log"),
    _key("pageup ctrl+u", "page(-1)", "", "A page up", "overview compare metrics log"),
    _key("g home", "edge(-1)", "", "To the first", "overview compare metrics log"),
    _key("G end", "edge(1)", "", "To the last", "overview compare metrics log"),
    _key("enter", "open", "open", "Open the chosen run", "overview compare", footer=True),
    _key(
        "slash",
        "filter",
        "filter",
        "Filter by name: the letters in order are enough",
        "overview metrics",
        footer=True,
        option="--filter",
    ),
    _key(
        "o", "sort(1)", "sort", "Sort by the next column", "overview", footer=True, option="--sort"
    ),
    _key("O", "reverse", "", "Turn the order round", "overview", option="--sort"),
    _key(
        "space m",
        "mark",
        "mark",
        "Mark the run for Compare",
        "overview focus compare",
        footer=True,
        option="--mark",
    ),
    _key("M", "unmark", "", "Unmark all runs", "overview focus compare"),
    _key(
        "a",
        "acknowledge",
        "seen",
        "Acknowledge the warning: the banner goes, the event stays",
        "overview focus panes compare metrics log",
        footer=True,
    ),
    _key("exclamation_mark", "newest_warning", "", "Go to the newest warning of any run"),
    _key("E", "happenings", "", "Events of all runs, the newest first: enter goes there"),
    # Charts.
    _key(
        "x",
        "x_axis(1)",
        "x axis",
        "X axis: step, relative step, epoch, elapsed (pauses cut), wall time",
        "chart",
        footer=True,
        option="--x-axis",
    ),
    _key("X", "x_axis(-1)", "", "X axis: the one before", "chart", option="--x-axis"),
    _key(
        "l",
        "log_y",
        "log y",
        "Logarithmic y axis on or off",
        "chart",
        footer=True,
        option="--log-y",
    ),
    _key(
        "s",
        "smooth(1)",
        "smooth",
        "Smooth the strong line more",
        "chart",
        footer=True,
        label="s/S",
        option="--smoothing",
    ),
    _key("S", "smooth(-1)", "", "Smooth the strong line less", "chart", option="--no-smoothing"),
    _key(
        "z plus equals_sign",
        "zoom(1)",
        "zoom",
        "Zoom in (mouse wheel too)",
        "chart",
        footer=True,
        label="z/Z",
        option="--range",
    ),
    _key("Z underscore", "zoom(-1)", "", "Zoom out", "chart", option="--range"),
    _key(
        "left h",
        "pan(-1)",
        "",
        "Move the chart (or the crosshair) left",
        "chart",
        label="←/→",
        option="--range",
    ),
    _key(
        "right", "pan(1)", "", "Move the chart (or the crosshair) right", "chart", option="--range"
    ),
    _key("c", "crosshair", "values", "Crosshair: exact values at a step", "chart", footer=True),
    _key("r 0", "reset", "reset", "Show all again and follow the live end", "chart", footer=True),
    _key("f", "follow", "follow", "Follow the live end, or stay", "chart"),
    _key(
        "u",
        "robust",
        "fit y",
        "Y axis: all but single points far off, or the bulk alone",
        "chart",
        option="--robust-y",
    ),
    _key(
        "F",
        "forecast",
        "",
        "Forecast: the loss up to the planned end, with its 80 % band",
        "focus panes",
        option="--forecast",
    ),
    _key(
        "right_square_bracket",
        "event(1)",
        "event",
        "Next event, from the first on: the chart goes there",
        "focus",
        footer=True,
        label="]/[",
    ),
    _key("left_square_bracket", "event(-1)", "", "Previous event, from the last on", "focus"),
    # Panes.
    _key(
        "vertical_line",
        "split('right')",
        "split",
        "Split the pane: one more to the right",
        "panes",
        footer=True,
        label="|",
        option="--panes",
    ),
    _key(
        "minus", "split('below')", "", "Split the pane: one more below", "panes", option="--panes"
    ),
    _key("d", "close_pane", "close", "Close the pane", "panes", footer=True),
    _key("w j down", "next_pane(1)", "next pane", "Next pane", "panes", footer=True),
    _key("W k up", "next_pane(-1)", "", "Previous pane", "panes"),
    _key("n", "pane_run(1)", "run", "Next run in this pane", "panes", footer=True, label="n/p"),
    _key("p", "pane_run(-1)", "", "Previous run in this pane", "panes"),
    _key(
        "v",
        "pane_metric(1)",
        "metric",
        "Next metric in this pane",
        "panes",
        footer=True,
        label="v/V",
    ),
    _key("V", "pane_metric(-1)", "", "Previous metric in this pane", "panes"),
    _key(
        "i",
        "link",
        "link",
        "Link the axes of all panes, or free them",
        "panes",
        footer=True,
        option="--free-axes",
    ),
    _key("g", "grid", "grid", "Next grid: 1×1, 1×2, 2×2, 2×3, 3×3, 3×4", "panes", option="--panes"),
    _key(
        "greater_than_sign",
        "resize('right',1)",
        "",
        "Make the pane wider (or drag its edge)",
        "panes",
        option="--layout",
    ),
    _key(
        "less_than_sign",
        "resize('right',-1)",
        "",
        "Make the pane narrower",
        "panes",
        option="--layout",
    ),
    _key(
        "right_parenthesis",
        "resize('below',1)",
        "",
        "Make the pane higher (or drag its title)",
        "panes",
        option="--layout",
    ),
    _key(
        "left_parenthesis",
        "resize('below',-1)",
        "",
        "Make the pane lower",
        "panes",
        option="--layout",
    ),
    _key("ctrl+s", "save_layout", "", "Save the layout under a name", "panes"),
    _key("ctrl+o", "load_layout", "", "Load a saved layout", "panes", option="--layout"),
    _key(
        "t",
        "raw",
        "raw/read",
        "The source's own lines, or the records read from them",
        "log",
        footer=True,
        option="--records",
    ),
    # Compare and metrics.
    _key(
        "b",
        "baseline",
        "baseline",
        "Make the chosen run the baseline",
        "compare",
        footer=True,
        option="--baseline",
    ),
    _key(
        "B",
        "band",
        "seeds",
        "Seeds of one configuration as a band, or each line",
        "compare",
        footer=True,
        option="--seeds",
    ),
    _key(
        "v",
        "metric(1)",
        "metric",
        "Next metric",
        "compare",
        footer=True,
        label="v/V",
        option="--metric",
    ),
    _key("V", "metric(-1)", "", "Previous metric", "compare", option="--metric"),
    _key(
        "w",
        "family",
        "its seeds",
        "Compare the chosen run with its other seeds alone, or all again",
        "compare",
        footer=True,
    ),
    _key(
        "enter", "alone", "enlarge", "Enlarge the chosen chart, or show all", "metrics", footer=True
    ),
    _key("v", "chart(1)", "chart", "Next chart", "metrics", footer=True, label="v/V"),
    _key("V", "chart(-1)", "", "Previous chart", "metrics"),
    _key("greater_than_sign", "columns(1)", "", "More columns", "metrics", option="--grid"),
    _key("less_than_sign", "columns(-1)", "", "Fewer columns", "metrics", option="--grid"),
    _key("right_parenthesis", "lines(1)", "", "More rows of charts", "metrics", option="--grid"),
    _key("left_parenthesis", "lines(-1)", "", "Fewer rows of charts", "metrics", option="--grid"),
    # Everywhere.
    _key(
        "y",
        "copy",
        "copy",
        "Copy the values under the crosshair, or the view as text (OSC 52)",
        footer=True,
    ),
    _key(
        "e",
        "export",
        "export",
        "Export the view: PNG, SVG, text and CSV files",
        footer=True,
        option="--export-to",
    ),
    _key("D", "next_theme", "", "Next theme: dark, light, 16 colours", option="--theme"),
    _key("H", "machine", "", "This machine: CPU, memory, GPUs", option="--machine"),
    _key("ctrl+p colon", "command_palette", "all", "Command palette: everything, by name"),
    _key("ctrl+l", "redraw", "", "Draw the whole screen again"),
    _key("ctrl+z", "suspend_process", "", "Suspend (come back with fg)"),
)


def keys_of(view: str) -> tuple[Key, ...]:
    """Return the keys that do something in a view, in table order."""
    return tuple(key for key in KEYS if key.holds_in(view))
