"""The user's knobs: one frozen dataclass, the same for the screen and for every command.

Read from `[tool.lossmon]` of the nearest `pyproject.toml`, then from the
user's `config.toml`, then from options: later ones win. Constants that belong
to an algorithm live beside it; here stands only what a user may want to set.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from lossmon.errors import UsageError
from lossmon.record import record


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


def merged(settings: Settings, values: Mapping[str, Any], where: str) -> Settings:
    """Return `settings` with `values` laid over; UsageError names an unknown or mistyped key."""
    known = {field.name: field for field in fields(Settings)}
    clean: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in known:
            raise UsageError(f"{where}: no setting is called {key!r}")
        default = getattr(settings, name)
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
    return replace(settings, **clean)


def load(directory: Path, config: Path | None = None) -> Settings:
    """Return the settings that hold in `directory`, before options."""
    settings = Settings()
    for parent in (directory, *directory.parents):
        candidate = parent / "pyproject.toml"
        if candidate.is_file():
            table = _read(candidate).get("tool", {}).get("lossmon", {})
            settings = merged(settings, table, str(candidate))
            break
    if config is not None and config.is_file():
        settings = merged(settings, _read(config), str(config))
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
