"""`Key`: one key of the screen: what it is called, what it does, where it holds."""

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
