"""Bytes to columns, and to verdicts: a million lines of each kind of log, in CPU seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import logs
from benchmarks.measure import Figure, cpu_seconds, fastest, peak_megabytes

CHUNK = 1 << 16

TURNS = 12
"""One figure is in seconds: of a few turns the least tells of the neighbours for minutes on end."""


def blocks(path: Path) -> Iterator[bytes]:
    """Yield whole lines in blocks of about 64 KiB: what every reader here is given."""
    rest = b""
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            cut = data.rfind(b"\n") + 1
            yield rest + data[:cut]
            rest = data[cut:]
    if rest:
        yield rest


def parse(path: Path, chunk: int = 1 << 18) -> int:
    """Parse a log with the format that recognises it; return the number of rows."""
    from lossmon.formats.base import HEAD_BYTES, Context, StreamFormat
    from lossmon.formats.registry import recognise

    with path.open("rb") as file:
        (_, fmt), *_ = recognise(file.read(HEAD_BYTES), path.name)
        assert isinstance(fmt, StreamFormat)
        parser = fmt.parser(Context(path.name))
        file.seek(0)
        rows = 0
        while data := file.read(chunk):
            rows += len(parser.feed(data))
        return rows + len(parser.finish())


def judge(path: Path) -> int:
    """Read a log through the whole pipeline, all verdicts included."""
    from lossmon.monitor import Monitor

    with Monitor([str(path)]) as monitor:
        snapshot = monitor.read_all()
    (run,) = snapshot.runs
    assert run.verdict.status
    return len(run.series[0])


def _orjson(path: Path) -> None:
    import orjson

    for block in blocks(path):
        for line in block.splitlines():
            orjson.loads(line)


def jsonl(directory: Path) -> list[Figure]:
    """JSON lines: parsing alone, with the analysis, and the peak of memory."""
    path = logs.jsonl(directory)
    cost = fastest(
        {"orjson": lambda: _orjson(path), "parse": lambda: parse(path), "all": lambda: judge(path)},
        TURNS,
    )
    reference = f"orjson alone {cost['orjson']:.2f} s"
    bare = peak_megabytes("pass")
    peak = peak_megabytes(
        f"from lossmon.monitor import Monitor\nMonitor([{str(path)!r}]).read_all()"
    )
    return [
        Figure("JSONL to columns, speed relative to orjson alone", cost["orjson"] / cost["parse"],
               "×", 0.9, True, f"{cost['parse']:.2f} s; {reference}"),
        Figure("JSONL with all verdicts, speed relative to orjson alone",
               cost["orjson"] / cost["all"], "×", 0.45, True, reference),
        Figure("JSONL with all verdicts, 1 M lines × 5 fields", cost["all"], "s CPU", 1.2, False,
               reference),
        Figure("JSONL with all verdicts, peak over the interpreter", peak - bare, "MB", 150,
               False, f"bare interpreter {bare:.0f} MB"),
    ]  # fmt: skip


def csv(directory: Path) -> list[Figure]:
    """CSV beside polars."""
    path = logs.csv(directory)
    works: dict[str, Callable[[], object]] = {"parse": lambda: parse(path)}
    try:
        import polars
    except ImportError:
        import pandas

        works["reference"] = lambda: pandas.read_csv(path)
        name = "pandas"
    else:
        works["reference"] = lambda: polars.read_csv(path)
        name = "polars"
    cost = fastest(works)
    return [
        Figure(f"CSV to columns, speed relative to {name}", cost["reference"] / cost["parse"], "×",
               0.6, True, f"{cost['parse']:.2f} s; {name} {cost['reference']:.2f} s (all threads)")
    ]  # fmt: skip


def hf_console(directory: Path) -> list[Figure]:
    """Hugging Face's console dicts beside the quickest way to read them: translate and decode."""
    import msgspec

    path = logs.hf_console(directory)
    record = msgspec.defstruct(
        "Record", [(name, float) for name in ("loss", "grad_norm", "learning_rate", "epoch")]
    )
    decoder = msgspec.json.Decoder(record)
    quotes = bytes.maketrans(b"'", b'"')

    def reference() -> None:
        for block in blocks(path):
            for one in decoder.decode_lines(block.translate(quotes)):
                one.loss  # noqa: B018

    cost = fastest({"reference": reference, "parse": lambda: parse(path)})
    return [
        Figure("HF console to columns, speed relative to translate + msgspec",
               cost["reference"] / cost["parse"], "×", 0.5, True,
               f"{cost['parse']:.2f} s; reference {cost['reference']:.2f} s")
    ]  # fmt: skip


def text(directory: Path) -> list[Figure]:
    """Lines of a home-made loop beside a regex made for them, run over whole blocks."""
    import re

    path = logs.text(directory)
    pattern = re.compile(rb"^step (\d+) \| loss ([-+.\de]+) \| lr ([-+.\de]+)", re.MULTILINE)

    def reference() -> None:
        for block in blocks(path):
            for match in pattern.finditer(block):
                match.groups()

    cost = fastest({"reference": reference, "parse": lambda: parse(path)})
    return [
        Figure("General text to columns, speed relative to one regex in blocks",
               cost["reference"] / cost["parse"], "×", 0.25, True,
               f"{cost['parse']:.2f} s; reference {cost['reference']:.2f} s")
    ]  # fmt: skip


RUSTBOARD_SHARE = 0.41 / 44
"""rustboard's seconds to EventFileLoader's on one million scalars, measured on another machine."""


def tensorboard(directory: Path) -> list[Figure]:
    """TensorBoard events beside TensorBoard's own loader, where it is installed."""
    path = logs.tensorboard(directory)
    ours = fastest({"parse": lambda: parse(path)})["parse"]
    loader = _event_file_loader(directory)
    if loader is None:
        print("tensorboard is not installed: EventFileLoader is not measured", file=sys.stderr)
        return []
    return [
        Figure("TensorBoard events, speed relative to EventFileLoader", loader / ours, "×", 100,
               True, f"{ours:.2f} s; EventFileLoader {loader:.1f} s (from 50,000 scalars)"),
        Figure("TensorBoard events, speed relative to rustboard", loader * RUSTBOARD_SHARE / ours,
               "×", 0.8, True, "rustboard by a fixed ratio to EventFileLoader, not run here"),
    ]  # fmt: skip


def _event_file_loader(directory: Path, scalars: int = 50_000) -> float | None:
    """Return the seconds that EventFileLoader would need for `logs.LINES` scalars."""
    try:
        from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    except ImportError:
        return None
    path = logs.tensorboard(directory, scalars)
    spent = cpu_seconds(lambda: sum(1 for _ in EventFileLoader(str(path)).Load()))
    return spent * logs.LINES / scalars
