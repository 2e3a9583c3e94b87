"""This machine in a few rows: CPU, memory, GPUs, each as a bar with its figure and word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from lossmon.charts.spec import Row, Span
from lossmon.tui.figures import clock_seconds
from lossmon.tui.look import Look
from lossmon.tui.panels.details import heading
from lossmon.tui.rows import fit, row, width_of

if TYPE_CHECKING:
    from lossmon.machine import Gpu, Machine

_BAR: Final = 12
_IDLE: Final = 0.05
"""Share of a processor under which nothing is being trained on it."""


def machine_height(machine: Machine | None, height: int) -> int:
    """Return the rows that the panel takes on a screen of `height` rows."""
    gpus = 0 if machine is None else len(machine.gpus)
    return 2 + min(gpus, max(height // 6 - 1, 1))


def machine_rows(look: Look, machine: Machine | None, width: int, height: int) -> list[Row]:
    """Return a heading, a row for CPU and memory, a row for each GPU that there is room for."""
    if machine is None:
        return [heading(look, width, "this machine"), row(width, look.text("  looking …", "dim"))]
    left_out = len(machine.gpus) - (height - 2)
    note = f"{left_out} more GPUs" if left_out > 0 else clock_seconds(machine.at)
    rows = [heading(look, width, "this machine", note)]
    parts = _host(look, machine)
    if machine.note:
        parts.append([look.text(machine.note, "dim")])
    rows.append(_spread(look, parts, width))
    rows += [_spread(look, _gpu(look, gpu), width) for gpu in machine.gpus[: max(height - 2, 0)]]
    return rows[:height]


def machine_words(machine: Machine | None) -> str:
    """Return one sentence on what the machine does, for a run that fell silent; empty: unknown."""
    if machine is None:
        return ""
    told = []
    if machine.cpu is not None:
        told.append(f"CPU {machine.cpu:.0%}")
    if machine.used is not None and machine.total:
        told.append(f"memory {machine.used / machine.total:.0%}")
    told += [f"GPU {gpu.index} {gpu.busy:.0%}" for gpu in machine.gpus[:4] if gpu.busy is not None]
    if not told:
        return f"What this machine does: {machine.note}" if machine.note else ""
    busy = [machine.cpu or 0.0, *(gpu.busy or 0.0 for gpu in machine.gpus)]
    end = ": nothing computes here" if max(busy) < _IDLE else ""
    return f"This machine at {clock_seconds(machine.at)}: {', '.join(told)}{end}."


def _host(look: Look, machine: Machine) -> list[list[Span]]:
    parts: list[list[Span]] = []
    if machine.cpu is not None:
        words = f"of {machine.cores} cores" if machine.cores else ""
        if machine.load is not None:
            words += f", load {machine.load:.1f}"
        parts.append([*_bar(look, "CPU", machine.cpu), look.text(f" {words}", "dim")])
    if machine.used is not None and machine.total:
        words = f" {_size(machine.used)} of {_size(machine.total)}"
        parts.append([*_bar(look, "memory", machine.used / machine.total), look.text(words, "dim")])
    return parts


def _gpu(look: Look, gpu: Gpu) -> list[list[Span]]:
    parts: list[list[Span]] = []
    if gpu.busy is not None:
        parts.append(_bar(look, f"GPU {gpu.index}", gpu.busy))
    if gpu.used is not None and gpu.total:
        words = f" {_size(gpu.used)} of {_size(gpu.total)}"
        parts.append([*_bar(look, "memory", gpu.used / gpu.total), look.text(words, "dim")])
    facts = [gpu.name]
    if gpu.celsius is not None:
        facts.append(f"{gpu.celsius:.0f} °C")
    if gpu.watts is not None:
        facts.append(f"{gpu.watts:.0f} W")
    parts.append([look.text(", ".join(facts), "dim")])
    return parts


def _bar(look: Look, name: str, share: float) -> list[Span]:
    share = min(max(share, 0.0), 1.0)
    full = round(share * _BAR)
    filled, empty = ("#", ".") if look.ascii else ("█", "░")
    style = "warn" if share > 0.95 else "note"
    return [
        look.text(f"{fit(name, max(len(name), 6))} ", "dim"),
        look.text(filled * full, style),
        look.text(empty * (_BAR - full), "rule"),
        look.text(f" {share:4.0%}", "strong"),
    ]


def _spread(look: Look, parts: Sequence[Sequence[Span]], width: int) -> Row:
    """Return as many parts side by side as fit."""
    spans: list[Span] = [Span("  ")]
    for part in parts:
        if width_of(*spans, *part) > width and len(spans) > 1:
            break
        spans += [*part, Span("   ")]
    return row(width, *spans)


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size < 1e11 else f"{size / 1e9:.0f} GB"
