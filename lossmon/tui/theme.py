"""Themes: what each role of a text is painted in, and what Textual needs to know of it.

Four palettes, after Okabe and Ito's colour-blind safe hues: dark, light, 16
colours (the terminal's own, on its own background) and none (bold, dim and
reverse alone). No meaning hangs on a colour: every mark has a shape and a word.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from lossmon.charts.spec import Palette
from lossmon.record import record

if TYPE_CHECKING:
    from textual.theme import Theme


@record
class Paint:
    """Styles (as Rich reads them) by role, and the background they stand on."""

    name: str
    palette: Palette
    base: str
    """Style under everything: foreground on background; empty for the terminal's own."""
    text: str
    strong: str
    dim: str
    """Explanations: fainter than the text, yet with a contrast of 4.5 : 1 and more."""
    rule: str
    """Lines between panels."""
    title: str
    good: str
    note: str
    warn: str
    bad: str
    chosen: str
    """The chosen row of a list."""
    bar: str
    """Header and footer."""
    key: str
    """A key in the footer and in help."""
    banner_warn: str
    banner_bad: str
    background: str
    foreground: str

    def style(self, role: str) -> str:
        """Return the style of a role that a mark names."""
        return {
            "text": self.text,
            "dim": self.dim,
            "good": self.good,
            "note": self.note,
            "warn": self.warn,
            "bad": self.bad,
        }[role]


DARK: Final = Paint(
    name="dark",
    palette=Palette.DARK,
    base="#d5dae1 on #121416",
    text="",
    strong="bold #ffffff",
    dim="#8b96a5",
    rule="#3a424e",
    title="bold #9fb4cc",
    good="#4cc2a0",
    note="#6db8ee",
    warn="#f0ad2e",
    bad="bold #ff8552",
    chosen="on #2a3442",
    bar="on #1e232b",
    key="bold #9fb4cc",
    banner_warn="bold #121416 on #f0ad2e",
    banner_bad="bold #ffffff on #b83a12",
    background="#121416",
    foreground="#d5dae1",
)

LIGHT: Final = Paint(
    name="light",
    palette=Palette.LIGHT,
    base="#20262e on #fcfcfc",
    text="",
    strong="bold #000000",
    dim="#5d6774",
    rule="#c3c8cf",
    title="bold #3d5878",
    good="#00735a",
    note="#0b62a4",
    warn="#8f5600",
    bad="bold #b83200",
    chosen="on #dbe5f0",
    bar="on #ecece6",
    key="bold #3d5878",
    banner_warn="bold #20262e on #f5c04d",
    banner_bad="bold #ffffff on #b83200",
    background="#fcfcfc",
    foreground="#20262e",
)

ANSI16: Final = Paint(
    name="16",
    palette=Palette.ANSI16,
    base="",
    text="",
    strong="bold",
    dim="bright_black",
    rule="bright_black",
    title="bold",
    good="green",
    note="cyan",
    warn="yellow",
    bad="bold red",
    chosen="reverse",
    bar="reverse",
    key="bold",
    banner_warn="bold black on yellow",
    banner_bad="bold white on red",
    background="ansi_default",
    foreground="ansi_default",
)

NONE: Final = Paint(
    name="none",
    palette=Palette.NONE,
    base="",
    text="",
    strong="bold",
    dim="dim",
    rule="dim",
    title="bold",
    good="",
    note="",
    warn="bold",
    bad="bold",
    chosen="reverse",
    bar="reverse",
    key="bold",
    banner_warn="bold reverse",
    banner_bad="bold reverse",
    background="ansi_default",
    foreground="ansi_default",
)

PAINTS: Final = {paint.name: paint for paint in (DARK, LIGHT, ANSI16, NONE)}
"""By the name that `--theme` and the settings take."""


def choose_paint(wanted: str, environ: Mapping[str, str] | None = None) -> Paint:
    """Return the paint for a wanted theme; `auto` (or an unknown name) looks at the terminal.

    NO_COLOR (any value) takes the colours away; a terminal of 16 colours gets
    those; COLORFGBG, which many terminals set, tells a light background.
    """
    env = os.environ if environ is None else environ
    if wanted in PAINTS:
        return PAINTS[wanted]
    if wanted in ("ansi", "ansi16"):
        return ANSI16
    if env.get("NO_COLOR") or wanted in ("no-color", "mono"):
        return NONE
    term = env.get("TERM", "")
    if term in ("linux", "vt220", "xterm", "screen", "xterm-16color", "cygwin", "ansi", "vt100"):
        return NONE if term.startswith("vt") else ANSI16
    background = env.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if background in ("7", "15") else DARK


def textual_theme(paint: Paint) -> Theme:
    """Return the theme that Textual's own widgets (palette, input) take beside a paint."""
    from textual.theme import BUILTIN_THEMES, Theme

    if paint.base:
        return Theme(
            name=f"lossmon-{paint.name}",
            primary="#6db8ee" if paint is DARK else "#0b62a4",
            secondary="#4cc2a0" if paint is DARK else "#00735a",
            warning="#f0ad2e" if paint is DARK else "#8f5600",
            error="#ff8552" if paint is DARK else "#b83200",
            foreground=paint.foreground,
            background=paint.background,
            surface=paint.bar.removeprefix("on "),
            panel=paint.chosen.removeprefix("on "),
            dark=paint is DARK,
        )
    return Theme(
        name=f"lossmon-{paint.name}",
        primary="ansi_blue",
        secondary="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        accent="ansi_cyan",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        ansi=True,
        variables=dict(BUILTIN_THEMES["ansi-dark"].variables),
    )
