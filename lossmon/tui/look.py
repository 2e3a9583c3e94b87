"""`Look`: what a panel needs to know to paint: the theme's paint, the glyphs, the day."""

from __future__ import annotations

from lossmon.charts.spec import Glyphs, Span
from lossmon.record import record
from lossmon.tui.marks import Mark
from lossmon.tui.rows import plain
from lossmon.tui.theme import DARK, Paint


def over(style: str, ground: str) -> str:
    """Return a style laid over a ground: `on …`, or `reverse`, which would turn colours too."""
    if "reverse" in ground:
        return f"{ground} bold" if "bold" in style else ground
    return f"{style} {ground}".strip()


@record
class Look:
    """How things are painted; `today` (seconds since 1970) is fixed in tests, None is now."""

    paint: Paint = DARK
    glyphs: Glyphs = Glyphs.BRAILLE
    today: float | None = None

    @property
    def ascii(self) -> bool:
        """Whether nothing beyond ASCII may be shown."""
        return self.glyphs is Glyphs.ASCII

    def text(self, text: str, role: str = "") -> Span:
        """Return a span of `text` in a role of the paint (its attribute's name)."""
        return Span(plain(text) if self.ascii else text, getattr(self.paint, role) if role else "")

    def mark(self, mark: Mark, words: str | None = None) -> tuple[Span, ...]:
        """Return a mark's shape and word (or other `words`) in its style."""
        style = self.paint.style(mark.style)
        word = mark.word if words is None else words
        return (Span(f"{mark.char(self.ascii)} {plain(word) if self.ascii else word}", style),)

    def shape(self, mark: Mark) -> Span:
        """Return a mark's shape alone, for where its word stands elsewhere."""
        return Span(mark.char(self.ascii), self.paint.style(mark.style))

    @property
    def rule(self) -> str:
        """The character that lines between panels are made of."""
        return "-" if self.ascii else "─"
