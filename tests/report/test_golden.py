"""Every report over `demo_logs`, byte for byte.

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
OLD = 1_700_000_000


def made(folder: Path, format: str) -> bytes:
    """Return the report of the demo logs in one format."""
    for name in RUNS:
        if not (folder / "demo_logs" / name).exists():
            shutil.copytree(DEMO / name, folder / "demo_logs" / name)
    for path in folder.glob("demo_logs/*/*"):
        os.utime(path, (OLD, OLD))
    sources = [f"demo_logs/{name}" for name in RUNS]
    done = lossmon("report", *sources, "--format", format, cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    text = re.sub(r"read by lossmon [^<]+", "read by lossmon VERSION", done.stdout.decode())
    return re.sub(r'("time":\s?)1[0-9.]{9,20}', r"\g<1>0.0", text).encode()


@pytest.mark.parametrize("format", SUFFIXES)
def test_a_report_is_the_same_byte_for_byte(tmp_path: Path, format: str) -> None:
    wanted = (GOLDEN / f"report.{SUFFIXES[format]}").read_bytes()
    found = made(tmp_path, format)
    assert found.decode().splitlines() == wanted.decode().splitlines(), (
        "if this is meant: python -m tests.report.test_golden --update"
    )
    assert found == wanted


def update() -> Iterator[str]:
    """Write the golden files anew; yield a line on each."""
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for format, suffix in SUFFIXES.items():
            target = GOLDEN / f"report.{suffix}"
            before = target.read_bytes() if target.exists() else None
            after = made(Path(name), format)
            target.write_bytes(after)
            yield f"{target.name}: {'unchanged' if before == after else 'CHANGED'}"


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit("usage: python -m tests.report.test_golden --update")
    for line in update():
        sys.stdout.write(line + "\n")
