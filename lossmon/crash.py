"""Where the trace of an unforeseen error goes: a file, never the terminal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


def write_trace(error: BaseException) -> str:
    """Write the trace of `error` to a log file and return its place (or why there is none)."""
    import tempfile  # nothing of a start needs them
    import traceback

    from platformdirs import user_log_path

    text = "".join(traceback.format_exception(error))
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    for directory in (user_log_path("lossmon"), Path(tempfile.gettempdir())):
        path = directory / f"lossmon-{stamp}.log"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError:
            continue  # a read-only home: the temporary directory is next
        return str(path)
    return "no file: neither the log directory nor the temporary one can be written"
