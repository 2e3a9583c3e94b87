"""Every key of the screen, in one place: help, footer, command palette and tests read this table.

A key belongs to scopes: `all` views, or the named ones. Its `action` is the
name of a Textual action without the `action_` prefix; the view (a screen) or
the app has the method.
"""

from __future__ import annotations

from typing import Final, Literal

from lossmon.record import record

Scope = Literal["all", "overview", "focus", "panes", "compare", "metrics", "log", "chart"]
"""`chart`: every view in which charts can be moved (focus, panes, compare, metrics)."""

CHART_VIEWS: Final = ("focus", "panes", "compare", "metrics")


@record
class Key:
    """One thing that can be done: `keys` in Textual's names, the first one is shown."""

    keys: tuple[str, ...]
    action: str
    short: str
    """For the footer: one or two words."""
    text: str
    """For help and the palette: what it does, without ending stop."""
    scopes: tuple[Scope, ...] = ("all",)
    footer: bool = False
    """Whether the footer names it (where there is room, in table order)."""
    label: str = ""
    """How the key is written for people, if not as its first name."""

    def holds_in(self, view: str) -> bool:
        """Whether the key does something in a view."""
        return (
            "all" in self.scopes
            or view in self.scopes
            or ("chart" in self.scopes and view in CHART_VIEWS)
        )

    @property
    def target(self) -> str:
        """The action with where it is found: the app for keys of all views, else the view."""
        return f"app.{self.action}" if "all" in self.scopes else self.action

    @property
    def shown(self) -> str:
        """The key as people write it in the footer."""
        return self.label or _shown(self.keys[0])

    @property
    def names(self) -> tuple[str, ...]:
        """All its keys as people write them."""
        return tuple(_shown(name) for name in self.keys)


_NAMES: Final = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "vertical_line": "|",
    "minus": "-",
    "plus": "+",
    "escape": "esc",
    "space": "space",
    "shift+tab": "⇧tab",
    "ctrl+p": "^p",
    "ctrl+l": "^l",
    "ctrl+z": "^z",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "equals_sign": "=",
    "underscore": "_",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "backspace": "⌫",
    "ctrl+q": "^q",
    "ctrl+d": "^d",
    "ctrl+u": "^u",
    "ctrl+s": "^s",
    "ctrl+o": "^o",
}


def _shown(name: str) -> str:
    return _NAMES.get(name, name)


KEYS: Final[tuple[Key, ...]] = (
    # Views.
    Key(
        ("question_mark", "f1"),
        "help",
        "help",
        "Keys, marks and what every number means",
        footer=True,
    ),
    Key(("q", "ctrl+q"), "quit", "quit", "Quit", footer=True),
    Key(("1",), "view('overview')", "runs", "Overview: all runs in a table"),
    Key(("2",), "view('focus')", "focus", "Focus: one run, everything about it"),
    Key(("3",), "view('panes')", "panes", "Panes: several charts side by side"),
    Key(("4",), "view('compare')", "compare", "Compare: marked runs laid over each other"),
    Key(("5",), "view('metrics')", "metrics", "Metrics: every series of the run in small charts"),
    Key(("6",), "view('log')", "log", "Log: the last records, as they were read"),
    Key(("tab",), "next_view", "view", "Next view", footer=True),
    Key(("shift+tab",), "next_view(-1)", "", "Previous view"),
    Key(("escape", "backspace"), "back", "back", "Back: close, clear the filter, leave the view"),
    # Runs.
    Key(
        ("n", "j", "down"),
        "move(1)",
        "next run",
        "Next run",
        ("focus", "log", "metrics"),
        footer=True,
        label="n/p",
    ),
    Key(("p", "k", "up"), "move(-1)", "", "Previous run", ("focus", "log", "metrics")),
    Key(
        ("j", "down", "n"),
        "move(1)",
        "down",
        "Down one row",
        ("overview", "compare"),
        label="j/k",
        footer=True,
    ),
    Key(("k", "up", "p"), "move(-1)", "", "Up one row", ("overview", "compare")),
    Key(
        ("pagedown", "ctrl+d"),
        "page(1)",
        "",
        "A page down",
        ("overview", "compare", "metrics", "log"),
    ),
    Key(
        ("pageup", "ctrl+u"), "page(-1)", "", "A page up", ("overview", "compare", "metrics", "log")
    ),
    Key(("g", "home"), "edge(-1)", "", "To the first", ("overview", "compare", "metrics", "log")),
    Key(("G", "end"), "edge(1)", "", "To the last", ("overview", "compare", "metrics", "log")),
    Key(("enter",), "open", "open", "Open the chosen run", ("overview", "compare"), footer=True),
    Key(
        ("slash",),
        "filter",
        "filter",
        "Filter by name: the letters in order are enough",
        ("overview", "metrics"),
        footer=True,
    ),
    Key(("o",), "sort(1)", "sort", "Sort by the next column", ("overview",), footer=True),
    Key(("O",), "reverse", "", "Turn the order round", ("overview",)),
    Key(
        ("space", "m"),
        "mark",
        "mark",
        "Mark the run for Compare",
        ("overview", "focus"),
        footer=True,
    ),
    Key(("M",), "unmark", "", "Unmark all runs", ("overview", "focus", "compare")),
    Key(
        ("a",),
        "acknowledge",
        "ok",
        "Acknowledge the warning: the banner goes, the event stays",
        ("overview", "focus", "panes"),
        footer=True,
    ),
    # Charts.
    Key(
        ("x",),
        "x_axis(1)",
        "x axis",
        "X axis: step, relative step, epoch, elapsed (pauses cut), wall time",
        ("chart",),
        footer=True,
    ),
    Key(("X",), "x_axis(-1)", "", "X axis: the one before", ("chart",)),
    Key(("l",), "log_y", "log y", "Logarithmic y axis on or off", ("chart",), footer=True),
    Key(
        ("s",),
        "smooth(1)",
        "smooth",
        "Smooth the strong line more",
        ("chart",),
        footer=True,
        label="s/S",
    ),
    Key(("S",), "smooth(-1)", "", "Smooth the strong line less", ("chart",)),
    Key(
        ("z", "plus", "equals_sign"),
        "zoom(1)",
        "zoom",
        "Zoom in (mouse wheel too)",
        ("chart",),
        footer=True,
        label="z/Z",
    ),
    Key(("Z", "underscore"), "zoom(-1)", "", "Zoom out", ("chart",)),
    Key(
        ("left", "h"),
        "pan(-1)",
        "",
        "Move the chart (or the crosshair) left",
        ("chart",),
        label="←/→",
    ),
    Key(("right",), "pan(1)", "", "Move the chart (or the crosshair) right", ("chart",)),
    Key(
        ("c",), "crosshair", "values", "Crosshair: exact values at a step", ("chart",), footer=True
    ),
    Key(
        ("r", "0"),
        "reset",
        "reset",
        "Show all again and follow the live end",
        ("chart",),
        footer=True,
    ),
    Key(("f",), "follow", "follow", "Follow the live end, or stay", ("chart",)),
    Key(("u",), "robust", "fit y", "Y axis: whole range, or robust with 'n off scale'", ("chart",)),
    Key(
        ("F",),
        "forecast",
        "",
        "Forecast: the loss up to the planned end, with its 80 % band",
        ("focus", "panes"),
    ),
    Key(
        ("right_square_bracket",),
        "event(1)",
        "event",
        "Next event: the chart goes there",
        ("focus",),
        footer=True,
        label="]/[",
    ),
    Key(("left_square_bracket",), "event(-1)", "", "Previous event", ("focus",)),
    # Panes.
    Key(
        ("vertical_line",),
        "split('right')",
        "split",
        "Split the pane: one more to the right",
        ("panes",),
        footer=True,
        label="|",
    ),
    Key(("minus",), "split('below')", "", "Split the pane: one more below", ("panes",)),
    Key(("d",), "close_pane", "close", "Close the pane", ("panes",), footer=True),
    Key(("w", "j", "down"), "next_pane(1)", "next pane", "Next pane", ("panes",), footer=True),
    Key(("W", "k", "up"), "next_pane(-1)", "", "Previous pane", ("panes",)),
    Key(
        ("n",), "pane_run(1)", "run", "Next run in this pane", ("panes",), footer=True, label="n/p"
    ),
    Key(("p",), "pane_run(-1)", "", "Previous run in this pane", ("panes",)),
    Key(
        ("v",),
        "pane_metric(1)",
        "metric",
        "Next metric in this pane",
        ("panes",),
        footer=True,
        label="v/V",
    ),
    Key(("V",), "pane_metric(-1)", "", "Previous metric in this pane", ("panes",)),
    Key(
        ("i",), "link", "link", "Link the axes of all panes, or free them", ("panes",), footer=True
    ),
    Key(("g",), "grid", "grid", "Next grid: 1×1, 1×2, 2×2, 2×3, 3×3, 3×4", ("panes",)),
    Key(("ctrl+s",), "save_layout", "", "Save the layout under a name", ("panes",)),
    Key(("ctrl+o",), "load_layout", "", "Load a saved layout", ("panes",)),
    Key(
        ("t",),
        "raw",
        "raw/read",
        "The source's own lines, or the records read from them",
        ("log",),
        footer=True,
    ),
    # Compare and metrics.
    Key(
        ("b",),
        "baseline",
        "baseline",
        "Make the chosen run the baseline",
        ("compare",),
        footer=True,
    ),
    Key(
        ("B",),
        "band",
        "seeds",
        "Seeds of one configuration as a band, or each line",
        ("compare",),
        footer=True,
    ),
    Key(("v",), "metric(1)", "metric", "Next metric", ("compare",), footer=True, label="v/V"),
    Key(("V",), "metric(-1)", "", "Previous metric", ("compare",)),
    Key(("greater_than_sign",), "columns(1)", "", "More columns", ("metrics",), label=">"),
    Key(("less_than_sign",), "columns(-1)", "", "Fewer columns", ("metrics",), label="<"),
    # Everywhere.
    Key(
        ("y",), "copy", "copy", "Copy the view as text (through the terminal, OSC 52)", footer=True
    ),
    Key(("e",), "export", "export", "Export the view: SVG, text and CSV files", footer=True),
    Key(("D",), "next_theme", "", "Next theme: dark, light, 16 colours"),
    Key(("ctrl+p", "colon"), "command_palette", "all", "Command palette: everything, by name"),
    Key(("ctrl+l",), "redraw", "", "Draw the whole screen again"),
    Key(("ctrl+z",), "suspend_process", "", "Suspend (come back with fg)"),
)


def keys_of(view: str) -> tuple[Key, ...]:
    """Return the keys that do something in a view, in table order."""
    return tuple(key for key in KEYS if key.holds_in(view))
