"""The user's knobs: one frozen dataclass, the same for the screen and for every command.

Read from `[tool.lossmon]` of the nearest `pyproject.toml`, then from the
user's `config.toml`, then from options: later ones win. Constants that belong
to an algorithm live beside it; here stands only what a user may want to set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from lossmon.errors import UsageError
from lossmon.record import record


@record
class Screen:
    """How the screen begins (`[tool.lossmon.screen]`): what keys change can be said here too.

    None: as it was left the last time, or the program's own choice.
    """

    view: str | None = None
    """overview, focus, panes, compare, metrics or log."""
    run: str | None = None
    """Name of the run to show first."""
    mark: str | None = None
    """Names of runs marked for Compare, separated by commas."""
    sort: str | None = None
    """Column that the overview is sorted by; with a minus before it turned round."""
    filter: str | None = None
    """Letters that the names in the overview must have, in order."""
    x_axis: str | None = None
    """step, relative, epoch, elapsed or wall."""
    log_y: bool | None = None
    robust_y: bool | None = None
    no_smoothing: bool | None = None
    """The points alone."""
    forecast: bool | None = None
    range: str | None = None
    """The stretch of the x axis to show, `FROM:TO` in the axis' units (seconds for times)."""
    panes: str | None = None
    """A grid of panes, columns × rows: `2x2`."""
    layout: str | None = None
    """Name of a saved layout of panes."""
    free_axes: bool | None = None
    """Panes are moved each alone."""
    metric: str | None = None
    """Series that Compare shows; None: each run's training loss."""
    baseline: str | None = None
    """Name of the run that others are compared with."""
    seeds: bool | None = None
    """Seeds of one configuration as a band."""
    grid: str | None = None
    """Columns × rows of the metrics view: `3x2`."""
    records: bool | None = None
    """The log view shows the records read, not the source's lines."""
    machine: bool | None = None
    """CPU, memory and GPUs of this machine stand at the foot."""
    export_to: str = "."
    """Directory that exports are written to."""
    fresh: bool = False
    """Nothing is remembered from the time before."""


_SHAPES: Final = {
    "view": (r"overview|focus|panes|compare|metrics|log", "overview, focus, panes, …"),
    "x_axis": (r"step|relative|epoch|elapsed|wall", "step, relative, epoch, elapsed or wall"),
    "sort": (
        r"-?(run|verdict|loss|state|step|to go|best eval|gap|per 1k)",
        "a column of the overview, such as loss or -gap",
    ),
    "panes": (r"([1-9]|1[0-2])x([1-9]|1[0-2])", "a grid such as 2x2, of 12 panes at most"),
    "grid": (r"[1-8]x[1-8]", "a grid such as 3x2, of 8x8 at most"),
    "range": (r"-?\d+(\.\d*)?:-?\d+(\.\d*)?", "FROM:TO such as 100:2000"),
}
"""What settings of the screen that are more than a name look like, and how that is said."""


def _refuse_wrong(screen: Screen, where: str) -> None:
    for name, (shape, words) in _SHAPES.items():
        value = getattr(screen, name)
        if value is not None and re.fullmatch(shape, value) is None:
            raise UsageError(f"{where}: {name.replace('_', '-')} should be {words}, not {value!r}")


@record
class Settings:
    """What a user may set; the defaults are what `lossmon` does without a word."""

    train: str | None = None
    """Name of the series to judge as training loss (None: found from the names)."""
    eval: str | None = None
    """Name of the series to judge as evaluation loss."""
    format: str | None = None
    """Read every source as this format instead of finding it from the content."""
    pattern: str | None = None
    """A regular expression with groups `step`, `loss`, … for text no format fits."""
    smoothing: float = 0.0
    """EMA weight β of the strong line (0.6 as in TensorBoard); 0: adapted to the log's rhythm."""
    plateau_gain: float = 0.03
    """ε: a plateau is where 50 % more training would gain less than this share of R."""
    stalled_after: float | None = None
    """Seconds without a byte after which a run is stalled (None: from the run's own rhythm)."""
    poll_seconds: float = 1.0
    """How often known files are looked at in any case (events are only hints)."""
    refresh_seconds: float = 0.1
    """At most one repaint in so many seconds."""
    ascii: bool = False
    mouse: bool = True
    theme: str = "auto"
    screen: Screen = field(default_factory=Screen)


Knobs = TypeVar("Knobs", Settings, Screen)


def merged(settings: Knobs, values: Mapping[str, Any], where: str) -> Knobs:
    """Return `settings` with `values` laid over; UsageError names an unknown or mistyped key."""
    known = {field.name: field for field in fields(settings)}
    clean: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in known:
            raise UsageError(f"{where}: no setting is called {key!r}")
        default = getattr(settings, name)
        if isinstance(default, Screen) and isinstance(value, Mapping):
            clean[name] = merged(default, value, f"{where}, {key}")
            continue
        wanted = str(known[name].type)
        if "float" in wanted and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        fits = (
            (value is None and "None" in wanted)
            or (isinstance(value, bool) and "bool" in wanted)
            or (isinstance(value, float) and "float" in wanted)
            or (isinstance(value, str) and "str" in wanted)
        )
        if not fits:
            raise UsageError(f"{where}: {key} should be like {default!r}, not {value!r}")
        clean[name] = value
    made = replace(settings, **clean)
    if isinstance(made, Screen):
        _refuse_wrong(made, where)
    return made


def load(directory: Path, config: Path | None = None) -> Settings:
    """Return the settings that hold in `directory`, before options."""
    settings = Settings()
    for parent in (directory, *directory.parents):
        candidate = parent / "pyproject.toml"
        if candidate.is_file():
            table = _read(candidate, ours=False).get("tool", {}).get("lossmon", {})
            settings = merged(settings, table, str(candidate))
            break
    if config is not None and config.is_file():
        settings = merged(settings, _read(config), str(config))
    return settings


def _read(path: Path, ours: bool = True) -> dict[str, Any]:
    """Return a TOML file's table; not `ours`: empty where it has no table for lossmon.

    Somebody's project may have a long file, or a broken one, that is none of our business.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if not ours:
            return {}
        raise UsageError(f"{path}: {error}") from error
    if not ours and not _may_have_table(text):
        return {}
    import tomllib  # most have no configuration

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from error


def _may_have_table(text: str) -> bool:
    """Say whether a TOML file can have a table `tool.lossmon`, however it is spelled.

    Many speak of lossmon otherwise (as a dependency), and parsing takes a fortieth of a start.
    """
    if "lossmon" not in text:
        return False
    bare = "".join(text.split()).replace('"', "").replace("'", "")
    return any(spelled in bare for spelled in ("tool.lossmon", "[tool]", "tool="))
