"""What `import lossmon` offers to programs and notebooks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from lossmon.model import RunView
from lossmon.monitor import Monitor
from lossmon.settings import Settings


def read(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    train: str | None = None,
    eval: str | None = None,
    format: str | None = None,
    pattern: str | None = None,
) -> list[RunView]:
    """Read what is there now and return its runs, each with series, verdict and events.

    `source`: a path, a glob, a directory to search, `host:path`, or a list of
    such. `train`, `eval`: names of the series to judge. `format`, `pattern`:
    as `--log-format` and `--pattern`. SourceNotFound if there is no training
    log; a run that could not be read is returned with its `error`.
    """
    sources = [source] if isinstance(source, str | os.PathLike) else list(source)
    settings = replace(Settings(), train=train, eval=eval, format=format, pattern=pattern)
    with Monitor([os.fspath(one) for one in sources], settings) as monitor:
        return list(monitor.read_all().runs)
