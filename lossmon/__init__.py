"""lossmon reads training losses live and says what they mean, and how sure it is.

The same without a terminal: `read(source)` gives runs with verdicts,
`Analyzer` judges points as they come. Importing this loads neither textual,
plotext, watchdog nor pandas::

    for run in lossmon.read("out/trainer_state.json"):
        print(run.name, run.verdict.status, run.summary.best_eval)
        table = run.to_pandas()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossmon.analysis.analyzer import Analyzer
    from lossmon.api import read
    from lossmon.errors import LossmonError
    from lossmon.model import RunView as Run

__version__ = "0.1.0"
__all__ = ["Analyzer", "LossmonError", "Run", "read"]

_HOMES = {
    "Analyzer": ("lossmon.analysis.analyzer", "Analyzer"),
    "LossmonError": ("lossmon.errors", "LossmonError"),
    "Run": ("lossmon.model", "RunView"),
    "read": ("lossmon.api", "read"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `lossmon --version` needs no numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lossmon' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
