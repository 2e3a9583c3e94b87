"""Objects that are appended to, replaced or missing: in memory, and in a real S3 server."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Callable, Iterator

import pytest

fsspec = pytest.importorskip("fsspec", reason="the extra `remote` is not installed")

from lossmon.errors import SourceError, UsageError  # noqa: E402
from lossmon.sources.base import Read  # noqa: E402
from lossmon.sources.far_log import FarLog  # noqa: E402
from lossmon.sources.object_store import FsspecStore  # noqa: E402
from lossmon.sources.opening import open_stream  # noqa: E402
from lossmon.sources.store import Part  # noqa: E402

from .conftest import Follower, listed  # noqa: E402

# Deprecations and sockets inside boto are not ours.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossmon.sources.polled.BUSY_SECONDS", 0.05)
    monkeypatch.setattr("lossmon.sources.poller.BACK_OFF_FROM", 0.1)


@pytest.fixture
def follow() -> Iterator:
    opened: list[Follower] = []

    def open_one(source: str, **options: bool) -> Follower:
        follower = Follower()
        follower.tail = open_stream(source, on_wake=follower.wake, **options)
        opened.append(follower)
        return follower

    yield open_one
    for follower in opened:
        follower.tail.close()


@pytest.fixture
def memory() -> Iterator[str]:
    """A prefix of its own in fsspec's memory."""
    name = f"memory://{uuid.uuid4().hex}"
    yield name
    fsspec.filesystem("memory").rm(name.removeprefix("memory:/"), recursive=True)


def put(url: str, data: bytes) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(data)


def by_hand(url: str) -> Callable[[], list[tuple[str, bytes]]]:
    """Return what looks at an object until nothing comes: each cut with the bytes behind it."""
    log = FarLog(FsspecStore(*fsspec.core.url_to_fs(url), "far"))

    def look() -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        more = True
        while more:
            reads: list[Read] = []
            more = log.look(1 << 20, reads)
            for read in reads:
                if read.cut or not found:
                    found.append((read.cut, read.data))
                else:
                    found[-1] = (found[-1][0], found[-1][1] + read.data)
        return found

    return look


def grow_and_replace(url: str, follow) -> Follower:
    put(url, b"one\n")
    follower = follow(url).until_data(b"one\n")
    put(url, b"one\ntwo\n")
    follower.until_data(b"one\ntwo\n")
    assert not any(read.cut for read in follower.reads)
    put(url, b"quite another log\n")
    follower.until_data(b"one\ntwo\nquite another log\n")
    assert [read.cut for read in follower.reads if read.cut] == ["truncated"]
    put(url, b"QUITE another log\n")
    follower.until(lambda f: f.data.endswith(b"QUITE another log\n"))
    return follower


def test_object_in_memory_grows_and_is_replaced(memory: str, follow) -> None:
    grow_and_replace(f"{memory}/train.log", follow)


def test_object_in_s3_grows_and_is_replaced(s3, follow) -> None:
    grow_and_replace("s3://logs/train.log", follow)


def replaced_by_what_begins_alike(url: str, follow) -> None:
    """All that was seen is what the next one begins with, too: what follows it comes once."""
    put(url, b'{"step": ')
    follower = follow(url).until_data(b'{"step": ')
    put(url, b'{"step": 2}\n')
    follower.until_data(b'{"step": 2}\n')
    put(url, b'{"step": 3}\n')  # as long as the one before
    follower.until_data(b'{"step": 2}\n{"step": 3}\n')
    assert [read.cut for read in follower.reads if read.cut] == ["truncated"]


def test_object_in_memory_is_replaced_by_what_begins_alike(memory: str, follow) -> None:
    replaced_by_what_begins_alike(f"{memory}/alike.log", follow)


def test_object_in_s3_is_replaced_by_what_begins_alike(s3, follow) -> None:
    replaced_by_what_begins_alike("s3://logs/alike.log", follow)


def rotated_between_two_looks(url: str) -> None:
    """More than once; the first part is zipped, and nothing beside it is another's."""
    look = by_hand(url)
    put(f"{url}.1", b"a training of last week\n")
    put(url, b"one\n")
    assert look() == [("", b"one\n")]
    put(f"{url}.9.gz", gzip.compress(b"a training of last week\n"))
    put(f"{url}.3.gz", gzip.compress(b"one\ntwo\n"))
    put(f"{url}.2", b"three\n")
    put(f"{url}.1", b"four\n")
    put(f"{url}.json", b"no part\n")
    put(f"{url}.d/{url.rpartition('/')[2]}.1", b"nor that\n")
    put(url, b"five\n")
    assert look() == [
        ("", b"two\n"),
        ("truncated", b"three\n"),
        ("truncated", b"four\n"),
        ("truncated", b"five\n"),
    ]
    put(f"{url}-20260131", b"five\nsix\n")
    put(url, b"")
    assert look() == [("", b"six\n")]
    put(url, b"seven\n")
    assert look() == [("truncated", b"seven\n")]
    assert look() == []


def test_object_in_memory_is_rotated_between_two_looks(memory: str) -> None:
    rotated_between_two_looks(f"{memory}/rotated.log")


def test_object_in_s3_is_rotated_between_two_looks(s3) -> None:
    rotated_between_two_looks("s3://logs/rotated/train.log")


@pytest.mark.parametrize("where", ["memory", "s3"])
def test_nothing_is_listed_while_an_object_grows(where: str, request, monkeypatch) -> None:
    """A listing is a request that costs money, and an object that grows needs none."""
    url = f"{request.getfixturevalue(where) if where == 'memory' else 's3://logs/quiet'}/a.log"
    request.getfixturevalue(where)
    listed: list[str] = []
    older = FsspecStore.older

    def count(store: FsspecStore, place: str, *, left: bool) -> list[Part]:
        listed.append(place)
        return older(store, place, left=left)

    monkeypatch.setattr(FsspecStore, "older", count)
    look = by_hand(url)
    put(url, b"one\n")
    assert look() == [("", b"one\n")]
    put(url, b"one\ntwo\n")
    assert look() == [("", b"two\n")]
    assert look() == []
    assert not listed
    put(url, b"other\n")
    assert look() == [("truncated", b"other\n")]
    assert listed


@pytest.mark.parametrize("error", [PermissionError("denied"), NotImplementedError()])
def test_a_store_that_lists_nothing_is_followed_all_the_same(
    memory: str, error: Exception, monkeypatch
) -> None:
    look = by_hand(f"{memory}/a.log")
    put(f"{memory}/a.log", b"one\n")
    look()

    def ls(path: str, detail: bool = True) -> list[object]:
        raise error

    put(f"{memory}/a.log", b"two\n")
    with monkeypatch.context() as patch:
        patch.setattr(fsspec.filesystem("memory"), "ls", ls)
        assert look() == [("truncated", b"two\n")]


def test_a_listing_that_fails_is_asked_again(memory: str, monkeypatch) -> None:
    look = by_hand(f"{memory}/a.log")
    put(f"{memory}/a.log", b"one\n")
    look()
    put(f"{memory}/a.log.1", b"one\ntwo\n")
    put(f"{memory}/a.log", b"three\n")

    def ls(path: str, detail: bool = True) -> list[object]:
        raise OSError("slow down")

    with monkeypatch.context() as patch:
        patch.setattr(fsspec.filesystem("memory"), "ls", ls)
        with pytest.raises(SourceError, match="slow down"):
            look()
    assert look() == [("", b"two\n"), ("truncated", b"three\n")]


def test_large_object_in_s3_comes_whole(s3, follow) -> None:
    data = b"".join(b"step %d loss 0.5\n" % n for n in range(150_000))
    put("s3://logs/large.log", data)
    follower = follow("s3://logs/large.log", follow=False)
    follower.until(lambda f: any(read.ended for read in f.reads))
    assert follower.data == data


def test_prefix_and_glob_in_s3(s3) -> None:
    for name in ("a/x.log", "a/b/y.jsonl", "a/model.pt"):
        put(f"s3://logs/runs/{name}", b"x\n")

    assert set(listed("s3://logs/runs/")) == {
        "s3://logs/runs/a/x.log",
        "s3://logs/runs/a/b/y.jsonl",
    }
    assert listed("s3://logs/runs/*/*.log") == ["s3://logs/runs/a/x.log"]
    assert listed("s3://logs/none/") == []


def test_object_that_appears_later(memory: str, follow) -> None:
    follower = follow(f"{memory}/later.log").until(lambda f: bool(f.errors))
    assert "does not exist" in follower.errors[0]
    put(f"{memory}/later.log", b"here\n")
    follower.until_data(b"here\n")


def test_missing_object_read_once_ends_with_its_error(follow) -> None:
    follower = follow("memory://nowhere/x.log", follow=False)
    follower.until(lambda f: any(read.ended for read in f.reads))
    assert "does not exist" in follower.errors[0]


def test_what_is_no_url_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="foo"):
        open_stream("foo://bar/x.log")
