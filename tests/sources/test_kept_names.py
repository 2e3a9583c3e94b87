"""Files whose names look like no log, and which a search must meet all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.sources.search import DirectorySearch, may_be_log


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("meta.yaml", True),
        ("history.yaml", True),
        ("losses.yml", True),
        ("config.yaml", False),
        ("events.out.tfevents.1700000000.node.c", True),
        ("events.out.tfevents.1700000000.host.42.0.v2", True),
        ("main.c", False),
        ("run-abc.wandb", True),
        ("mlflow.db", True),
    ],
)
def test_names(name: str, kept: bool) -> None:
    assert may_be_log(name) is kept


def test_of_an_aim_repository_its_list_of_runs_is_found_and_nothing_else(tmp_path: Path) -> None:
    repository = tmp_path / "project" / ".aim"
    (repository / "seqs" / "chunks").mkdir(parents=True)
    (repository / "seqs" / "chunks" / "000008.log").write_bytes(b"x")
    (repository / "run_metadata.sqlite").write_bytes(b"x")
    (tmp_path / "project" / ".git").mkdir()
    (tmp_path / "project" / ".git" / "log").write_bytes(b"x")
    found = [Path(file.path) for file in DirectorySearch(str(tmp_path)).files()]
    assert found == [repository / "run_metadata.sqlite"]
