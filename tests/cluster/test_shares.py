"""Sources are divided so that no run is cut in two, by names wherever they tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lossmon.cluster import shares
from lossmon.cluster.shares import Share, spread
from lossmon.errors import SourceNotFound, UsageError
from lossmon.monitor.naming import names_below
from lossmon.settings import Settings


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        row = json.dumps({"step": 1, "loss": 2.0, "from": name})
        (root / name).write_text(f"{row}\n" * 20)


def divided(root: Path, *sources: str) -> list[set[str]]:
    found = spread([str(root / source) for source in sources] or [str(root)], Settings())
    return [
        {str(Path(source).relative_to(root)) for source in share.sources} for share in found.shares
    ]


def test_folders_of_folders_are_divided(tmp_path: Path) -> None:
    put(tmp_path, "a/s1/metrics.jsonl", "a/s2/metrics.jsonl", "b/metrics.jsonl", "stray.csv")
    assert divided(tmp_path) == [
        {"stray.csv"}, {"a/s1/metrics.jsonl"}, {"a/s2/metrics.jsonl"}, {"b/metrics.jsonl"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [
        ("exp/checkpoint-100/trainer_state.json", "exp/checkpoint-200/trainer_state.json"),
        ("exp/csv/version_0/metrics.csv", "exp/console.txt"),
        ("exp/events.out.tfevents.1.host", "exp/losses_train/events.out.tfevents.2.host"),
    ],
)
def test_what_looks_like_one_run_stays_whole(tmp_path: Path, names: tuple[str, ...]) -> None:
    put(tmp_path, *names, "other/metrics.jsonl")
    assert {"exp"} in divided(tmp_path)


def test_many_files_in_one_folder_are_divided_by_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "FLAT", 3)
    put(tmp_path, *(f"run-{number}.jsonl" for number in range(5)))
    (tmp_path / "notes.txt").write_text("Dear diary, no training today.\n" * 5)
    for part, value in (("learn", 1.0), ("test", 2.0)):
        rows = "".join(f"{step}\t{value / (step + 1)}\n" for step in range(20))
        (tmp_path / f"{part}_error.tsv").write_text(f"iter\tLogloss\n{rows}")
    assert {frozenset(one) for one in divided(tmp_path)} == {
        *(frozenset({f"run-{number}.jsonl"}) for number in range(5)),
        frozenset({"learn_error.tsv", "test_error.tsv"}),
    }


def test_files_that_were_named_are_divided_by_their_places(tmp_path: Path) -> None:
    put(tmp_path, "a/m.jsonl", "a/checkpoint-1/trainer_state.json", "b/m.jsonl")
    found = divided(tmp_path, "*/m.jsonl", "a/checkpoint-1/trainer_state.json")
    assert found == [{"a/m.jsonl", "a/checkpoint-1/trainer_state.json"}, {"b/m.jsonl"}]


def test_a_link_that_leads_back_up_is_followed_once(tmp_path: Path) -> None:
    put(tmp_path, "a/m.jsonl")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert divided(tmp_path) == [{"a/m.jsonl"}]


def test_sources_that_workers_cannot_reach(tmp_path: Path) -> None:
    for source in ("-", "host:train.log"):
        with pytest.raises(UsageError):
            spread([source], Settings())
    with pytest.raises(SourceNotFound):
        spread([str(tmp_path / "nowhere")], Settings())
    with pytest.raises(SourceNotFound):
        spread([str(tmp_path)], Settings())


def test_names_are_paths_below_the_root() -> None:
    assert names_below("/x", ["/x/a/seed-1/metrics.jsonl", "/x/b.jsonl"]) == ["a/seed-1", "b.jsonl"]
    twice = names_below("/x", ["/x/a/console.txt", "/x/a/metrics.csv"])
    assert twice == ["a/console.txt", "a/metrics.csv"]
    assert names_below("s3://b/p", ["s3://b/p/q/metrics.csv"]) == ["q"]


def test_a_share_says_what_it_is() -> None:
    assert Share(("/a", "/b", "/c")).label == "/a and 2 more"
