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
    option: str = ""
    """The option (and setting) that does the same at the start; empty: it is for a moment only."""

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
    "right_parenthesis": ")",
    "left_parenthesis": "(",
    "exclamation_mark": "!",
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
    Key(("1",), "view('overview')", "runs", "Overview: all runs in a table", option="--view"),
    Key(("2",), "view('focus')", "focus", "Focus: one run, everything about it", option="--view"),
    Key(("3",), "view('panes')", "panes", "Panes: several charts side by side", option="--view"),
    Key(
        ("4",),
        "view('compare')",
        "compare",
        "Compare: marked runs laid over each other",
        option="--view",
    ),
    Key(
        ("5",),
        "view('metrics')",
        "metrics",
        "Metrics: every series of the run in small charts",
        option="--view",
    ),
    Key(("6",), "view('log')", "log", "Log: the last records, as they were read", option="--view"),
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
        option="--run-name",
    ),
    Key(
        ("p", "k", "up"),
        "move(-1)",
        "",
        "Previous run",
        ("focus", "log", "metrics"),
        option="--run-name",
    ),
    Key(
        ("j", "down", "n"),
        "move(1)",
        "down",
        "Down one row",
        ("overview", "compare"),
        label="j/k",
        footer=True,
        option="--run-name",
    ),
    Key(
        ("k", "up", "p"), "move(-1)", "", "Up one row", ("overview", "compare"), option="--run-name"
    ),
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
        option="--filter",
    ),
    Key(
        ("o",),
        "sort(1)",
        "sort",
        "Sort by the next column",
        ("overview",),
        footer=True,
        option="--sort",
    ),
    Key(("O",), "reverse", "", "Turn the order round", ("overview",), option="--sort"),
    Key(
        ("space", "m"),
        "mark",
        "mark",
        "Mark the run for Compare",
        ("overview", "focus", "compare"),
        footer=True,
        option="--mark",
    ),
    Key(("M",), "unmark", "", "Unmark all runs", ("overview", "focus", "compare")),
    Key(
        ("a",),
        "acknowledge",
        "seen",
        "Acknowledge the warning: the banner goes, the event stays",
        ("overview", "focus", "panes", "compare", "metrics", "log"),
        footer=True,
    ),
    Key(("exclamation_mark",), "newest_warning", "", "Go to the newest warning of any run"),
    Key(("E",), "happenings", "", "Events of all runs, the newest first: enter goes there"),
    # Charts.
    Key(
        ("x",),
        "x_axis(1)",
        "x axis",
        "X axis: step, relative step, epoch, elapsed (pauses cut), wall time",
        ("chart",),
        footer=True,
        option="--x-axis",
    ),
    Key(("X",), "x_axis(-1)", "", "X axis: the one before", ("chart",), option="--x-axis"),
    Key(
        ("l",),
        "log_y",
        "log y",
        "Logarithmic y axis on or off",
        ("chart",),
        footer=True,
        option="--log-y",
    ),
    Key(
        ("s",),
        "smooth(1)",
        "smooth",
        "Smooth the strong line more",
        ("chart",),
        footer=True,
        label="s/S",
        option="--smoothing",
    ),
    Key(
        ("S",), "smooth(-1)", "", "Smooth the strong line less", ("chart",), option="--no-smoothing"
    ),
    Key(
        ("z", "plus", "equals_sign"),
        "zoom(1)",
        "zoom",
        "Zoom in (mouse wheel too)",
        ("chart",),
        footer=True,
        label="z/Z",
        option="--range",
    ),
    Key(("Z", "underscore"), "zoom(-1)", "", "Zoom out", ("chart",), option="--range"),
    Key(
        ("left", "h"),
        "pan(-1)",
        "",
        "Move the chart (or the crosshair) left",
        ("chart",),
        label="←/→",
        option="--range",
    ),
    Key(
        ("right",),
        "pan(1)",
        "",
        "Move the chart (or the crosshair) right",
        ("chart",),
        option="--range",
    ),
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
    Key(
        ("u",),
        "robust",
        "fit y",
        "Y axis: whole range, or robust with 'n off scale'",
        ("chart",),
        option="--robust-y",
    ),
    Key(
        ("F",),
        "forecast",
        "",
        "Forecast: the loss up to the planned end, with its 80 % band",
        ("focus", "panes"),
        option="--forecast",
    ),
    Key(
        ("right_square_bracket",),
        "event(1)",
        "event",
        "Next event, from the first on: the chart goes there",
        ("focus",),
        footer=True,
        label="]/[",
    ),
    Key(("left_square_bracket",), "event(-1)", "", "Previous event, from the last on", ("focus",)),
    # Panes.
    Key(
        ("vertical_line",),
        "split('right')",
        "split",
        "Split the pane: one more to the right",
        ("panes",),
        footer=True,
        label="|",
        option="--panes",
    ),
    Key(
        ("minus",),
        "split('below')",
        "",
        "Split the pane: one more below",
        ("panes",),
        option="--panes",
    ),
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
        ("i",),
        "link",
        "link",
        "Link the axes of all panes, or free them",
        ("panes",),
        footer=True,
        option="--free-axes",
    ),
    Key(
        ("g",),
        "grid",
        "grid",
        "Next grid: 1×1, 1×2, 2×2, 2×3, 3×3, 3×4",
        ("panes",),
        option="--panes",
    ),
    Key(
        ("greater_than_sign",),
        "resize('right',1)",
        "",
        "Make the pane wider (or drag its edge)",
        ("panes",),
        option="--layout",
    ),
    Key(
        ("less_than_sign",),
        "resize('right',-1)",
        "",
        "Make the pane narrower",
        ("panes",),
        option="--layout",
    ),
    Key(
        ("right_parenthesis",),
        "resize('below',1)",
        "",
        "Make the pane higher (or drag its title)",
        ("panes",),
        option="--layout",
    ),
    Key(
        ("left_parenthesis",),
        "resize('below',-1)",
        "",
        "Make the pane lower",
        ("panes",),
        option="--layout",
    ),
    Key(("ctrl+s",), "save_layout", "", "Save the layout under a name", ("panes",)),
    Key(("ctrl+o",), "load_layout", "", "Load a saved layout", ("panes",), option="--layout"),
    Key(
        ("t",),
        "raw",
        "raw/read",
        "The source's own lines, or the records read from them",
        ("log",),
        footer=True,
        option="--records",
    ),
    # Compare and metrics.
    Key(
        ("b",),
        "baseline",
        "baseline",
        "Make the chosen run the baseline",
        ("compare",),
        footer=True,
        option="--baseline",
    ),
    Key(
        ("B",),
        "band",
        "seeds",
        "Seeds of one configuration as a band, or each line",
        ("compare",),
        footer=True,
        option="--seeds",
    ),
    Key(
        ("v",),
        "metric(1)",
        "metric",
        "Next metric",
        ("compare",),
        footer=True,
        label="v/V",
        option="--metric",
    ),
    Key(("V",), "metric(-1)", "", "Previous metric", ("compare",), option="--metric"),
    Key(
        ("w",),
        "family",
        "its seeds",
        "Compare the chosen run with its other seeds alone, or all again",
        ("compare",),
        footer=True,
    ),
    Key(
        ("enter",),
        "alone",
        "enlarge",
        "Enlarge the chosen chart, or show all",
        ("metrics",),
        footer=True,
    ),
    Key(("v",), "chart(1)", "chart", "Next chart", ("metrics",), footer=True, label="v/V"),
    Key(("V",), "chart(-1)", "", "Previous chart", ("metrics",)),
    Key(("greater_than_sign",), "columns(1)", "", "More columns", ("metrics",), option="--grid"),
    Key(("less_than_sign",), "columns(-1)", "", "Fewer columns", ("metrics",), option="--grid"),
    Key(
        ("right_parenthesis",), "lines(1)", "", "More rows of charts", ("metrics",), option="--grid"
    ),
    Key(
        ("left_parenthesis",),
        "lines(-1)",
        "",
        "Fewer rows of charts",
        ("metrics",),
        option="--grid",
    ),
    # Everywhere.
    Key(
        ("y",),
        "copy",
        "copy",
        "Copy the values under the crosshair, or the view as text (OSC 52)",
        footer=True,
    ),
    Key(
        ("e",),
        "export",
        "export",
        "Export the view: PNG, SVG, text and CSV files",
        footer=True,
        option="--export-to",
    ),
    Key(("D",), "next_theme", "", "Next theme: dark, light, 16 colours", option="--theme"),
    Key(("H",), "machine", "", "This machine: CPU, memory, GPUs", option="--machine"),
    Key(("ctrl+p", "colon"), "command_palette", "all", "Command palette: everything, by name"),
    Key(("ctrl+l",), "redraw", "", "Draw the whole screen again"),
    Key(("ctrl+z",), "suspend_process", "", "Suspend (come back with fg)"),
)


def keys_of(view: str) -> tuple[Key, ...]:
    """Return the keys that do something in a view, in table order."""
    return tuple(key for key in KEYS if key.holds_in(view))
