"""Finding files: what a user's word means, what a search sees, and what it passes over."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.errors import LossmonError, SourceNotFound, UsageError
from lossmon.sources import search
from lossmon.sources.address import parse
from lossmon.sources.discovery import Candidate, Finder
from lossmon.sources.patterns import fits


def write(path: Path, data: bytes = b"step 1 loss 2\n", age: float = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (path.stat().st_mtime - age,) * 2)
    return path


def settle(root: Path) -> None:
    """Make directories look as if they had not changed for a while."""
    for directory in (root, *(path for path in root.rglob("*") if path.is_dir())):
        os.utime(directory, (1e9, 1e9))


def found(finder: Finder) -> list[str]:
    return [candidate.path for candidate in finder.find()]


def names(*sources: object, root: Path) -> set[str]:
    finder = Finder([str(source) for source in sources])
    return {os.path.relpath(path, root) for path in found(finder)}


def test_newest_first_with_head_size_and_time(tmp_path: Path) -> None:
    old = write(tmp_path / "old.log", b"a" * 100_000, age=1000)
    new = write(tmp_path / "sub" / "new.jsonl", b"{}\n", age=1)
    first, second = Finder([str(tmp_path)]).find()
    assert (first.path, second.path) == (str(new), str(old))
    assert (second.size, len(second.head)) == (100_000, 65536)
    assert second.mtime == pytest.approx(old.stat().st_mtime)
    assert not first.explicit


def test_what_is_passed_over(tmp_path: Path) -> None:
    for name in (
        ".git/x.log",
        ".hidden.log",
        "node_modules/a/x.log",
        "lib/site-packages/x.log",
        "__pycache__/x.log",
        "model.safetensors",
        "ckpt/weights.pt",
        "plot.png",
        "train.py",
        "data.tar.gz",
        "env/lib/x.log",
        "notes.log~",
        "train.log.1",
        "train.log-20260101.gz",
    ):
        write(tmp_path / name)
    write(tmp_path / "env" / "pyvenv.cfg")
    for name in ("train.log", "mlruns/0/abc/metrics/loss", "events.out.tfevents.1.host.2.0"):
        write(tmp_path / name)
    assert names(tmp_path, root=tmp_path) == {
        "train.log",
        "mlruns/0/abc/metrics/loss",
        "events.out.tfevents.1.host.2.0",
    }


def test_named_files_are_taken_whatever_they_are_called(tmp_path: Path) -> None:
    path = write(tmp_path / ".hidden.bin")
    (candidate,) = Finder([str(path)]).find()
    assert candidate.explicit


def test_links_in_a_circle_and_files_with_two_names(tmp_path: Path) -> None:
    real = write(tmp_path / "wandb" / "run-1" / "x.wandb")
    (tmp_path / "wandb" / "latest-run").symlink_to("run-1")
    (tmp_path / "wandb" / "run-1" / "up").symlink_to(tmp_path)
    (tmp_path / "dangling.log").symlink_to("nowhere")
    assert found(Finder([str(tmp_path)])) == [str(real)]
    assert found(Finder([str(tmp_path), str(real)])) == [str(real)]
    link = tmp_path / "wandb" / "latest-run" / "x.wandb"
    assert found(Finder([str(link)])) == [str(link)]


def test_second_search_yields_what_is_new(tmp_path: Path, monkeypatch) -> None:
    write(tmp_path / "a" / "1.log")
    write(tmp_path / "b" / "2.log")
    settle(tmp_path)
    finder = Finder([str(tmp_path)])
    assert len(found(finder)) == 2
    listed: list[str] = []
    real_scandir = os.scandir
    monkeypatch.setattr(
        search.os, "scandir", lambda path: (listed.append(str(path)), real_scandir(path))[1]
    )
    assert found(finder) == []
    assert listed == []  # nothing changed: not one directory is listed again
    late = write(tmp_path / "b" / "3.log")
    assert found(finder) == [str(late)]
    assert listed == [str(tmp_path / "b")]
    run = write(tmp_path / "c" / "d" / "4.log")
    assert found(finder) == [str(run)]
    assert str(tmp_path / "b") in finder.directories


def test_a_log_moved_away_while_it_is_followed_is_no_other_one(tmp_path: Path) -> None:
    log = write(tmp_path / "train.log")
    finder = Finder([str(tmp_path)])
    assert found(finder) == [str(log)]
    log.rename(tmp_path / "train.log.1")  # logrotate, before the writer opens the name again
    assert found(finder) == []
    assert found(Finder([str(tmp_path / "train*")])) == [str(tmp_path / "train.log.1")]


def test_empty_file_is_yielded_once_it_has_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.log", b"")
    finder = Finder([str(tmp_path)])
    assert found(finder) == []
    path.write_bytes(b"x")
    assert found(finder) == [str(path)]
    assert found(finder) == []
    path.write_bytes(b"xy")  # few bytes may not have been enough to recognise it
    assert found(finder) == [str(path)]


def test_gzipped_head_is_unzipped(tmp_path: Path) -> None:
    write(tmp_path / "train.log.gz", gzip.compress(b"loss 1\n" * 100_000))
    (candidate,) = Finder([str(tmp_path)]).find()
    assert candidate.head == (b"loss 1\n" * 100_000)[:65536]


def test_globs(tmp_path: Path) -> None:
    for name in ("a/x.log", "b/x.log", "b/c/x.log", "b/c/y.csv", "b/weights.pt"):
        write(tmp_path / name)
    assert names(tmp_path / "*" / "x.log", root=tmp_path) == {"a/x.log", "b/x.log"}
    assert names(tmp_path / "[b]" / "x.???", root=tmp_path) == {"b/x.log"}
    assert names(tmp_path / "**" / "x.log", root=tmp_path) == {"a/x.log", "b/x.log", "b/c/x.log"}
    assert names(tmp_path / "**" / "c" / "*", root=tmp_path) == {"b/c/x.log", "b/c/y.csv"}
    # A directory that a glob matches is searched; a file in it is not the user's own word.
    assert names(tmp_path / "b*", root=tmp_path) == {"b/x.log", "b/c/x.log", "b/c/y.csv"}


def test_glob_matches_what_comes_later(tmp_path: Path) -> None:
    finder = Finder([str(tmp_path / "slurm-*.out")], wait=True)
    assert found(finder) == []
    path = write(tmp_path / "slurm-17.out")
    assert found(finder) == [str(path)]


def test_name_with_wildcards_that_exists_is_that_file(tmp_path: Path) -> None:
    path = write(tmp_path / "run[1].log")
    assert found(Finder([str(path)])) == [str(path)]


def test_missing_paths(tmp_path: Path) -> None:
    write(tmp_path / "train.log")
    with pytest.raises(SourceNotFound, match=r"no such path; there is .*train\.log"):
        Finder([str(tmp_path / "trian.log")])
    with pytest.raises(SourceNotFound, match="no directory"):
        Finder([str(tmp_path / "none" / "train.log")], wait=True)
    with pytest.raises(SourceNotFound, match="matches nothing"):
        Finder([str(tmp_path / "*.csv")])
    finder = Finder([str(tmp_path / "later.log")], wait=True)
    assert found(finder) == []
    assert finder.missing == (str(tmp_path / "later.log"),)
    write(tmp_path / "later.log")
    assert found(finder) == [str(tmp_path / "later.log")]
    assert finder.missing == ()


def test_bounds_are_said(tmp_path: Path, monkeypatch) -> None:
    deep = tmp_path
    for _ in range(search.MAX_DEPTH + 2):
        deep = deep / "d"
    write(deep / "x.log")
    finder = Finder([str(tmp_path)])
    assert found(finder) == []
    assert "name a directory further down" in finder.notices[0]
    for number in range(30):
        write(tmp_path / f"{number}.log")
    monkeypatch.setattr("lossmon.sources.discovery.MAX_CANDIDATES", 10)
    finder = Finder([str(tmp_path)])
    assert len(found(finder)) == 10
    assert any("newest 10 files" in notice for notice in finder.notices)


def test_searched_directory_may_vanish(tmp_path: Path) -> None:
    path = write(tmp_path / "runs" / "x.log")
    finder = Finder([str(path.parent)])
    assert found(finder) == [str(path)]
    path.unlink()
    path.parent.rmdir()
    assert found(finder) == []
    again = write(path.with_name("y.log"))
    assert found(finder) == [str(again)]


def test_a_thousand_runs(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "x.log").write_bytes(b"1\n")
    finder = Finder([str(tmp_path)])
    assert len(found(finder)) == 1000
    assert finder.notices == ()


def test_fifo_in_a_directory_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.log")
    assert found(Finder([str(tmp_path)])) == []


# ---- addresses


@pytest.mark.parametrize(
    ("text", "kind", "host", "user", "port", "path"),
    [
        ("runs/a.log", "path", "", "", None, "runs/a.log"),
        ("runs/*.log", "glob", "", "", None, "runs/*.log"),
        ("-", "stdin", "", "", None, "-"),
        ("/dev/stdin", "stdin", "", "", None, "-"),
        ("host:runs/a.log", "ssh", "host", "", None, "runs/a.log"),
        ("me@host:~/a b.log", "ssh", "host", "me", None, "~/a b.log"),
        ("[::1]:/x", "ssh", "::1", "", None, "/x"),
        ("ssh://me@host:2222/data/x.log", "ssh", "host", "me", 2222, "/data/x.log"),
        ("ssh://[::1]:22/~/x.log", "ssh", "::1", "", 22, "~/x.log"),
        ("ssh://host/runs/?.log", "ssh", "host", "", None, "/runs/?.log"),
        ("s3://bucket/x.log", "url", "", "", None, "s3://bucket/x.log"),
        ("file:///data/a%20b.log", "path", "", "", None, "/data/a b.log"),
        ("./odd:name.log", "path", "", "", None, "./odd:name.log"),
    ],
)
def test_addresses(text: str, kind: str, host: str, user: str, port: int | None, path: str) -> None:
    address = parse(text)
    assert (address.kind, address.host, address.user, address.port, address.path) == (
        kind,
        host,
        user,
        port,
        path,
    )


def test_existing_name_with_a_colon_is_a_path(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "host:x.log")
    assert parse("host:x.log").kind == "path"


@pytest.mark.parametrize("text", ["", "a\0b", "ssh://host", "ssh://host:port/x", "ssh:///x"])
def test_addresses_that_mean_nothing(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    try:
        address = parse(text)
    except LossmonError:
        return
    assert not address.host.startswith("-")


@pytest.mark.parametrize(
    "text", ["host:runs/a b.log", "ssh://me@host:22/x/y?.log", "ssh://h/~/z#1"]
)
def test_other_paths_at_the_same_place(text: str) -> None:
    address = parse(text)
    again = parse(address.with_path(address.path))
    assert (again.host, again.user, again.port, again.path) == (
        address.host,
        address.user,
        address.port,
        address.path,
    )


# ---- globs


@given(
    st.lists(st.sampled_from(["a", "b", "ab", "c.log"]), max_size=6),
    st.lists(st.sampled_from(["**", "*", "a", "?", "*.log"]), max_size=6),
)
def test_globs_fit_as_defined(path: list[str], pattern: list[str]) -> None:
    import fnmatch

    def naive(path: list[str], pattern: list[str]) -> bool:
        if not pattern:
            return not path
        if pattern[0] == "**":
            return any(naive(path[i:], pattern[1:]) for i in range(len(path) + 1))
        return (
            bool(path) and fnmatch.fnmatchcase(path[0], pattern[0]) and naive(path[1:], pattern[1:])
        )

    assert fits(path, pattern) == naive(path, pattern)


def test_candidate_does_not_print_its_bytes() -> None:
    assert "secret" not in repr(Candidate("x", b"secret", 6, 0.0))


def test_what_follows_a_long_first_line_is_handed_on_once_the_line_has_its_end(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"{" + b"x" * 150_000)
    finder = Finder([str(tmp_path)])
    assert [candidate.after for candidate in finder.find()] == [b""]
    assert list(finder.find()) == []
    with log.open("ab") as file:
        file.write(b"x" * 200_000 + b'}\n{"step": 1, "loss": 2.0}\n')
    assert [candidate.after for candidate in finder.find()] == [b'{"step": 1, "loss": 2.0}\n']
