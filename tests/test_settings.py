"""Settings come from files and options, and a wrong one is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lossmon.errors import UsageError
from lossmon.settings import Settings, load, merged


def test_later_files_win(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.lossmon]\nplateau-gain = 0.05\ntrain = "lm"\n', encoding="utf-8"
    )
    config = tmp_path / "config.toml"
    config.write_text("train = 'loss'\nascii = true\n", encoding="utf-8")
    nested = tmp_path / "a" / "b"
    nested.mkdir(parents=True)
    assert load(nested, config) == Settings(train="loss", plateau_gain=0.05, ascii=True)


@pytest.mark.parametrize(
    ("text", "named"),
    [("nonsense = 1", "nonsense"), ("ascii = 'yes'", "ascii"), ("plateau_gain = true", "plateau")],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=named):
        load(tmp_path, config)


def test_a_broken_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.lossmon", encoding="utf-8")
    with pytest.raises(UsageError, match="pyproject"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"[tool", b"\xff\xfe\x00"])
def test_a_broken_project_that_does_not_speak_of_lossmon_is_none_of_its_business(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    assert load(tmp_path) == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "[tool.lossmon]\ntheme = 'light'",
        '[ tool . "lossmon" ]\ntheme = "light"',
        "[tool]\nlossmon = {theme = 'light'}",
        "tool.lossmon.theme = 'light'",
        "tool = {lossmon = {theme = 'light'}}",
    ],
)
def test_a_table_is_found_however_it_is_spelled(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert load(tmp_path).theme == "light"


def test_a_project_that_only_depends_on_lossmon_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[project]\nname = "x"\ndependencies = ["lossmon>=0.1"]\n[tool.ruff]\nfix = true\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(tomllib, "loads", lambda text: pytest.fail("it was parsed"))
    assert load(tmp_path) == Settings()


def test_whole_numbers_fit_where_a_fraction_is_wanted() -> None:
    assert merged(Settings(), {"poll_seconds": 2}, "x").poll_seconds == 2.0


def test_the_screen_has_a_table_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.lossmon.screen]\nx-axis = "epoch"\nlog-y = true\npanes = "2x3"\n', encoding="utf-8"
    )
    screen = load(tmp_path).screen
    assert (screen.x_axis, screen.log_y, screen.panes, screen.seeds) == ("epoch", True, "2x3", None)
    # Options are laid over it, not in its place.
    over = merged(load(tmp_path), {"screen": {"seeds": True}}, "command line").screen
    assert (over.x_axis, over.seeds) == ("epoch", True)


@pytest.mark.parametrize(
    "line",
    ["view = 'moon'", "x_axis = 'up'", "sort = 'name'", "panes = '2'", "grid = '9x9'",
     "range = 'a:b'", "log_y = 1", "nonsense = 1"],
)  # fmt: skip
def test_a_wrong_setting_of_the_screen_is_named(tmp_path: Path, line: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[screen]\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=line.split()[0].replace("_", ".")):
        load(tmp_path, config)
