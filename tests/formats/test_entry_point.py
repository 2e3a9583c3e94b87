"""A format of another package: installed, found and used; and the example in CONTRIBUTING.md."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tests" / "data" / "example_format_package"
MODULE = PACKAGE / "lossmon_percent_format.py"

READ = """
import sys
from lossmon.formats.registry import formats, get, recognise
log = sys.argv[1].encode()
(sniff, fmt), *_ = recognise(log, "x.log")
parser = fmt.parser()
batch = parser.feed(log)
print(fmt.name, get("percent") is fmt, batch.steps.tolist(), batch.columns[0].values.tolist(),
      parser.bad_records, formats().count(fmt))
"""


def install(target: Path) -> None:
    """Do what pip does with a pure package, without a network: files and metadata."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]
    (target / MODULE.name).write_bytes(MODULE.read_bytes())
    info = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", "utf-8"
    )
    lines = []
    for group, entries in project["entry-points"].items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {value}" for name, value in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")


def read(path: Path | None, log: str) -> str:
    """Read a log in a fresh interpreter with `path` in front of its packages."""
    environment = os.environ | {"PYTHONPATH": "" if path is None else str(path)}
    done = subprocess.run(
        [sys.executable, "-c", READ, log],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
        timeout=60,
    )
    return done.stdout.strip()


def test_a_format_of_another_package_is_found_and_read(tmp_path: Path) -> None:
    install(tmp_path)
    assert (
        read(tmp_path, "%% 10/2.5\n%% 20/oops\n%% 30/1.5\n")
        == "percent True [10.0, 30.0] [2.5, 1.5] 1 1"
    )


def test_the_example_is_short() -> None:
    code = [line for line in MODULE.read_text("utf-8").splitlines() if line.strip()]
    assert len(code) <= 20


def test_the_guide_shows_the_example_as_it_is() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert MODULE.read_text("utf-8") in guide
    entry_points = (PACKAGE / "pyproject.toml").read_text("utf-8").partition("[project.entry")[2]
    assert entry_points in guide
