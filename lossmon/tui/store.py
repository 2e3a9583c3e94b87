"""What is remembered between sessions: how charts are shown, marked runs, pane layouts.

One small JSON file a project (the directory and sources that are watched) and
one for named layouts, in the user's state directory. What cannot be read is
as if it were not there; what cannot be written is said, never raised: a full
disk must not end the watching.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lossmon.charts.spec import XAxis
from lossmon.tui.desk import ChartOptions

_MAX_BYTES: Final = 1_000_000
"""A larger file is not one of ours."""
_MAX_LAYOUTS: Final = 100


class Store:
    """Remembers in `directory`; without one, for this session only.

    `project` None: layouts alone are kept (a demo's runs are nobody's project).
    """

    def __init__(self, directory: Path | None = None, project: str | None = "") -> None:
        self._directory = directory
        self._project: Path | None = None
        if directory is not None and project is not None:
            key = hashlib.sha256(project.encode("utf-8", "replace")).hexdigest()[:16]
            self._project = directory / "projects" / f"{key}.json"
        self._session: dict[str, Any] = {}

    # ---- layouts

    def layouts(self) -> dict[str, Any]:
        """Return the saved layouts by name."""
        if self._directory is None:
            return dict(self._session)
        return _read(self._directory / "layouts.json")

    def save_layout(self, name: str, data: dict[str, Any]) -> str | None:
        """Save a layout; return None, or one line that says why it was not."""
        layouts = self.layouts()
        layouts[name[:60]] = data
        if len(layouts) > _MAX_LAYOUTS:
            return f"{_MAX_LAYOUTS} layouts are saved already"
        if self._directory is None:
            self._session = layouts
            return None
        return _write(self._directory / "layouts.json", layouts)

    # ---- state of the project

    def load(self, options: ChartOptions) -> dict[str, Any]:
        """Put what was remembered into `options`; return the rest (names of marked runs …)."""
        data = {} if self._project is None else _read(self._project)
        axis = data.get("x_axis")
        if axis in list(XAxis):
            options.x_axis = XAxis(axis)
        for name in ("log_y", "robust", "forecast"):
            if isinstance(data.get(name), bool):
                setattr(options, name, data[name])
        smoothing = data.get("smoothing", 0.0)
        if smoothing is None or (isinstance(smoothing, float) and 0 <= smoothing < 1):
            options.smoothing = smoothing
        return data

    def save(self, options: ChartOptions, more: Mapping[str, Any]) -> str | None:
        """Remember the options and `more` (JSON); return None, or one line that says why not."""
        if self._project is None:
            return None
        data = {
            **more,
            "x_axis": options.x_axis.value,
            "log_y": options.log_y,
            "robust": options.robust,
            "forecast": options.forecast,
            "smoothing": options.smoothing,
        }
        return _write(self._project, data)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _write(path: Path, data: dict[str, Any]) -> str | None:
    # Beside it and then over it: two sessions never see half a file.
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(data, indent=1), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return None
