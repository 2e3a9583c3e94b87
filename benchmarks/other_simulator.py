"""The runs of another labelled simulator, as those of `benchmarks.simulator`.

Detectors that were tuned beside one simulator may have learned its habits, so
`python -m benchmarks.verdicts --simulator PATH` scores them on another one too.
PATH is a Python file, or a directory with a `sim.py`, that offers
`make(kind, seed)` for the kinds in `BENIGN` and for `EVENTS`' counterparts; the
run has `n, y, step, lr, epoch` (training loss and what is logged beside it),
`ei, ey` (evaluations), `f, sig, fe, esig` (true means and noise), `R`, `onset`
and `tags`. Its code is run: name a file that you trust.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from benchmarks.simulator import Labelled

KINDS: Final = {"divergence": "diverge", "overfitting": "overfit", "recovered": "spike_ok"}
"""Our word for a kind → its word, where they differ."""
_EVENTS: Final = {"diverge": "divergence", "overfit": "overfitting"}
_NOISES: Final = {"hetero": "shrinking"}
_COURSES: Final = {"exp": "exponential"}


def simulator_file(path: Path) -> Path | None:
    """The file to load for `path`, None where there is none."""
    file = path / "sim.py" if path.is_dir() else path
    return file if file.is_file() else None


class OtherSimulator:
    """Loads the module once and translates what it makes."""

    def __init__(self, file: Path) -> None:
        spec = importlib.util.spec_from_file_location("other_simulator_loaded", file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} is no Python file")
        self._module: ModuleType = importlib.util.module_from_spec(spec)
        # Its dataclasses look their own module up by name.
        sys.modules[spec.name] = self._module
        spec.loader.exec_module(self._module)
        self.epsilon: float | None = getattr(self._module, "EPS_PLATEAU", None)
        """ε that its healthy runs keep away from (by the factor 1.5), where it names one."""
        ours = {theirs: kind for kind, theirs in KINDS.items()}
        self.benign = tuple(
            ours.get(kind, kind) for kind in (*self._module.BENIGN, "spike_ok") if kind != "healthy"
        )

    def simulate(self, kind: str, seed: int) -> Labelled:
        """Make one run; `kind` in our words."""
        made: Any = self._module.make(KINDS.get(kind, kind), seed)
        tags = {
            "family": made.tags["fam"],
            "noise": _NOISES.get(made.tags["noise"], made.tags["noise"]),
            "relative": made.tags["rel"],
            "columns": made.lr is not None,
        }
        if "sub" in made.tags:
            tags["how"] = _COURSES.get(made.tags["sub"], made.tags["sub"])
        rates = None if made.lr is None else np.asarray(made.lr, dtype=np.float64)
        epochs = None if made.epoch is None else np.asarray(made.epoch, dtype=np.float64)
        return Labelled(
            kind, np.asarray(made.y, dtype=np.float64), np.asarray(made.step, dtype=np.float64),
            rates, epochs, np.asarray(made.ei, dtype=np.int64),
            np.asarray(made.ey, dtype=np.float64), np.asarray(made.f, dtype=np.float64),
            np.broadcast_to(np.asarray(made.sig, dtype=np.float64), (len(made.y),)).copy(),
            np.asarray(made.fe, dtype=np.float64), float(made.esig), float(made.R),
            onset={_EVENTS.get(name, name): at for name, at in made.onset.items()}, tags=tags,
        )  # fmt: skip
