"""The README tells the truth: what is there is documented, what is documented is there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from lossmon.cli.main import COMMANDS
from lossmon.formats import registry
from lossmon.tui.keys import KEYS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"lossmon {command}" in README


@pytest.mark.parametrize("name", sorted(fmt.name for fmt in registry.formats()))
def test_every_format_is_named(name: str) -> None:
    assert f"`{name}`" in README


def test_keys_in_the_table_exist() -> None:
    shown = {name for key in KEYS for name in key.names}
    table = README[README.index("## Keys") : README.index("## What it reads")]
    named = [
        word.strip("()")
        for line in table.splitlines()
        if line.startswith("| `")
        for word in line.split("|")[1].replace("`", " ").replace(",", " ").split()
        if word.strip("()") not in ("arrows", "mouse", "wheel", "…", "")
    ]
    assert named
    assert set(named) <= shown


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = README.split("```python\n")[1].split("```")[0]
    shutil.copytree(ROOT / "demo_logs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "overfitting overfitting" in printed


def test_pictures_and_links_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
