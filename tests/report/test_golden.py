"""Every report and comparison over `demo_logs`, byte for byte.

`python -m tests.report.test_golden --update` writes the files anew, and says
which ones changed; look at the difference before it is committed. What depends
on where and when a report is made is set here: the sources are relative, the
logs' times are old, the version is a word, and times of reading are a zero.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import DEMO, lossmon

GOLDEN = Path(__file__).with_name("golden")
SUFFIXES = {
    "text": "txt", "json": "json", "jsonl": "jsonl", "markdown": "md", "html": "html", "csv": "csv",
}  # fmt: skip
RUNS = ("healthy", "overfitting", "diverging", "nan", "seed-1", "seed-2")
"""A run of each kind: all eleven would be a megabyte of golden files."""
COMPARED = ("text", "json", "markdown", "csv")
"""Formats of `compare`, which has a row a run: over all of them."""
ALL = tuple(sorted(path.name for path in DEMO.iterdir() if path.is_dir()))
GOLDENS = {
    **{f"report.{suffix}": ("report", format, RUNS) for format, suffix in SUFFIXES.items()},
    **{f"compare.{SUFFIXES[format]}": ("compare", format, ALL) for format in COMPARED},
}
"""Golden files: what makes each, over which runs."""
OLD = 1_700_000_000


def made(folder: Path, golden: str) -> bytes:
    """Return what a golden file should hold."""
    command, format, names = GOLDENS[golden]
    for name in names:
        if not (folder / "demo_logs" / name).exists():
            shutil.copytree(DEMO / name, folder / "demo_logs" / name)
    for path in folder.glob("demo_logs/*/*"):
        os.utime(path, (OLD, OLD))
    sources = [f"demo_logs/{name}" for name in names]
    done = lossmon(command, *sources, "--format", format, cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    text = re.sub(r"read by lossmon [^<]+", "read by lossmon VERSION", done.stdout.decode())
    return re.sub(r'("time":\s?)1[0-9.]{9,20}', r"\g<1>0.0", text).encode()


@pytest.mark.parametrize("golden", GOLDENS)
def test_a_report_is_the_same_byte_for_byte(tmp_path: Path, golden: str) -> None:
    wanted = (GOLDEN / golden).read_bytes()
    found = made(tmp_path, golden)
    assert found.decode().splitlines() == wanted.decode().splitlines(), (
        "if this is meant: python -m tests.report.test_golden --update"
    )
    assert found == wanted


def update() -> Iterator[str]:
    """Write the golden files anew; yield a line on each."""
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for golden in GOLDENS:
            target = GOLDEN / golden
            before = target.read_bytes() if target.exists() else None
            after = made(Path(name), golden)
            target.write_bytes(after)
            yield f"{target.name}: {'unchanged' if before == after else 'CHANGED'}"


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit("usage: python -m tests.report.test_golden --update")
    for line in update():
        sys.stdout.write(line + "\n")
