"""The client's side: connect, hand out shares, take results as they come."""

from __future__ import annotations

import contextlib
import importlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lossmon import __version__
from lossmon.cluster.shares import Share, Spread
from lossmon.cluster.work import Job, Outcome, failed, read_shares
from lossmon.errors import SourceError, UsageError

CONNECT_SECONDS: Final = 10.0
RETRIES: Final = 1
"""A share whose worker died is tried once more, elsewhere."""
_ADDRESS: Final = re.compile(r"(?:tcp|tls|ucx|wss?)://[^\s/]{1,255}(?:/\S{0,255})?")
WAVES: Final = 12
"""Tasks a worker thread gets over the whole work: enough that no thread waits long at the end."""
MAX_BATCH: Final = 32
"""Shares a task holds at most: results should come while one watches."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The runs of one share; `index` is its place among all."""

    index: int
    runs: tuple[Outcome, ...]
    lost: str | None = None
    """Why the share is lost, where its worker was."""


@dataclass(frozen=True, slots=True)
class Told:
    """How far it is."""

    done: int
    shares: int
    runs: int
    unread: int
    workers: int


def gather(
    address: str, found: Spread, job: Job, told: Callable[[Told], None] | None = None
) -> Iterator[Gathered]:
    """Yield the outcome of each share, in the order in which they come.

    UsageError without `distributed`, for an address that is none, and for
    workers that run another lossmon; SourceError where no scheduler answers, or
    one without workers.
    """
    with _client(address) as client:
        threads = _threads(client, address)
        batches = _batched(found.shares, threads)
        pending: dict[Any, tuple[int, Sequence[Share]]] = {}
        start = 0
        for batch in batches:
            future = client.submit(read_shares, batch, job, pure=False, retries=RETRIES)
            pending[future] = (start, batch)
            start += len(batch)
        runs = unread = done = 0
        for future in _as_completed(client, pending):
            first, given = pending.pop(future)
            for offset, one in enumerate(_outcomes(future, given, job)):
                runs += len(one.runs)
                unread += sum(not _readable(outcome) for outcome in one.runs)
                done += 1
                yield Gathered(first + offset, one.runs, one.lost)
            future.release()
            if told is not None:
                told(Told(done, len(found.shares), runs, unread, len(client.nthreads())))


def _readable(outcome: Outcome) -> bool:
    return outcome.digest.train is not None or outcome.digest.eval is not None


def _outcomes(future: Any, batch: Sequence[Share], job: Job) -> list[Gathered]:
    try:
        return [Gathered(0, tuple(runs)) for runs in future.result()]
    except Exception as error:  # noqa: BLE001 - whatever a worker met: its shares are lost, no others
        reason = f"its worker failed: {type(error).__name__}: {error}"
        return [Gathered(0, (failed(share, reason, job),), reason) for share in batch]


def _batched(shares: Sequence[Share], threads: int) -> list[tuple[Share, ...]]:
    size = max(1, min(MAX_BATCH, len(shares) // (WAVES * threads)))
    return [tuple(shares[at : at + size]) for at in range(0, len(shares), size)]


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise UsageError("--dask needs distributed: pip install 'lossmon[cluster]'") from error
    if not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"--dask {address}: no address; write tcp://host:port, as the scheduler prints it"
        )
    # It tells of lost workers in its own words; ours are in the report.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise SourceError(f"--dask {address}: no scheduler answers there") from error
    try:
        yield client
    finally:
        client.close()


def _threads(client: Any, address: str) -> int:
    """Return how many threads the workers have; UsageError where they run another lossmon."""
    threads = client.nthreads()
    if not threads:
        raise SourceError(f"--dask {address}: the scheduler has no workers")
    for worker, has in client.get_versions(packages=["lossmon"])["workers"].items():
        version = has["packages"].get("lossmon")
        if version != __version__:
            have = "no lossmon" if version is None else f"lossmon {version}"
            raise UsageError(f"--dask {address}: {worker} has {have}, this is {__version__}")
    return sum(threads.values())


def _as_completed(client: Any, futures: Any) -> Iterator[Any]:
    module = importlib.import_module("distributed")
    yield from module.as_completed(list(futures), loop=client.loop)
