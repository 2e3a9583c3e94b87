"""Settings come from files and options, and a wrong one is named."""

from __future__ import annotations

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
    (tmp_path / "pyproject.toml").write_text("[tool", encoding="utf-8")
    with pytest.raises(UsageError, match="pyproject"):
        load(tmp_path)


def test_whole_numbers_fit_where_a_fraction_is_wanted() -> None:
    assert merged(Settings(), {"poll_seconds": 2}, "x").poll_seconds == 2.0
