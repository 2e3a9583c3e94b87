"""Records of JSON, tables and pairs behind what loggers, launchers and schedulers write first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import registry
from lossmon.formats.base import HEAD_BYTES, Context
from lossmon.formats.console import rank_of
from lossmon.model import Batch
from tests.formats import contract
from tests.formats.reading import parse, rows_of

Prefix = Callable[[int], str]
PREFIXES: dict[str, Prefix] = {
    "logging": lambda n: f"2026-01-01 12:00:{n % 60:02d},123 INFO root: ",
    "logging-dashes": lambda n: f"2026-01-01 12:00:{n % 60:02d},123 - root - INFO - ",
    "basic": lambda n: "INFO:trainer:",
    "hydra": lambda n: f"[2026-01-01 12:00:{n % 60:02d},123][trainer][INFO] - ",
    "accelerate": lambda n: f"01/01/2026 12:00:{n % 60:02d} - INFO - __main__ - ",
    "loguru": lambda n: f"2026-01-01 12:00:{n % 60:02d}.123 | INFO     | trainer:fit:88 - ",
    "glog": lambda n: f"I0101 12:00:{n % 60:02d}.345678 139876 train.py:88] ",
    "clock": lambda n: f"[12:00:{n % 60:02d}] ",
    "rank": lambda n: "[rank0]: ",
    "rank-and-time": lambda n: f"[rank0]:2026-01-01 12:00:{n % 60:02d},123 INFO ",
    "rank-and-node": lambda n: "[rank0][node3:gpu2] ",
    "torchrun": lambda n: "[default0]:",
    "node": lambda n: "[node3:gpu2]: ",
    "srun": lambda n: "0: ",
    "ray": lambda n: "(Worker pid=123, ip=10.0.0.1) ",
    "kubectl": lambda n: f"2026-01-01T12:00:{n % 60:02d}.123456789Z ",
    "actions": lambda n: f"2026-01-01T12:00:{n % 60:02d}.1234567Z ",
    "journald": lambda n: f"Jan 01 12:00:{n % 60:02d} node-3 python[123]: ",
    "compose": lambda n: "trainer-1  | ",
    "kubectl-and-logging": lambda n: (
        f"2026-01-01T12:00:{n % 60:02d}.123Z 2026-01-01 12:00:{n % 60:02d},123 INFO root: "
    ),
}
_LOSSES = [2.5 / (1 + 0.1 * n) for n in range(1, 25)]
CSV = [
    "step,epoch,loss,val_loss",
    *(f"{10 * n},{n // 6},{loss:.4f},{loss + 0.1:.4f}" for n, loss in enumerate(_LOSSES, 1)),
]
JSON = [
    f'{{"step": {10 * n}, "epoch": {n // 6}, "loss": {loss:.4f}, "val": {{"loss": {loss:.4f}}}}}'
    for n, loss in enumerate(_LOSSES, 1)
]
PAIRS = [f"step={10 * n} loss={loss:.4f} lr=0.001" for n, loss in enumerate(_LOSSES, 1)]
RECORDS = {"csv": CSV, "jsonl": JSON, "text": PAIRS}


def behind(prefix: Prefix, lines: list[str]) -> bytes:
    return "".join(f"{prefix(n)}{line}\n" for n, line in enumerate(lines)).encode()


def read(data: bytes, name: str = "out.log") -> tuple[str, Batch, int]:
    claims = registry.recognise(data[:HEAD_BYTES], name)
    assert claims
    batch, parser = parse(claims[0][1], data, Context(name))
    return claims[0][1].name, batch, parser.bad_records


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("kind", RECORDS)
def test_reads_what_the_script_handed_to_its_logger(kind: str, prefix: str) -> None:
    name, plain, _ = read("".join(f"{line}\n" for line in RECORDS[kind]).encode())
    assert name == kind
    name, batch, bad = read(behind(PREFIXES[prefix], RECORDS[kind]))
    assert name.partition("+")[0] == kind
    assert rows_of(batch) == rows_of(plain)
    assert bad == 0
    assert registry.get(name).name == name


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "tags",
    [
        ("[rank0]: ", "[rank1]: "),
        ("0: ", "1: "),
        ("(Worker pid=7, ip=10.0.0.1) ", "(Worker pid=8, ip=10.0.0.2) "),
        ("[node3:gpu0] ", "[node3:gpu1] "),
    ],
)
def test_one_process_speaks_for_all(kind: str, tags: tuple[str, str]) -> None:
    first, second = tags
    lines = [f"{tag}{line}\n" for line in RECORDS[kind] for tag in (first, second)]
    data = f"{second}waiting for the others\n" + "".join(lines)
    assert rows_of(read(data.encode())[1]) == rows_of(
        read("".join(f"{line}\n" for line in RECORDS[kind]).encode())[1]
    )


def test_rows_without_a_header_behind_a_prefix() -> None:
    rows = [f"{n},{loss:.4f},{loss + 0.1:.4f}" for n, loss in enumerate(_LOSSES, 1)]
    name, batch, _ = read(behind(PREFIXES["logging"], rows), "train.log")
    assert name == "bare-csv+logged"
    assert batch.steps.tolist() == list(range(1, 25))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 4000), max_size=20))
def test_any_cut_gives_the_same_rows(kind: str, cuts: list[int]) -> None:
    data = behind(PREFIXES["rank-and-time"], RECORDS[kind])
    fmt = registry.recognise(data, "x.log")[0][1]
    whole, _ = contract.read(fmt, Context("x.log"), [data])
    pieces, _ = contract.read(fmt, Context("x.log"), contract.cut(data, cuts))
    single, _ = contract.read(fmt, Context("x.log"), [bytes([byte]) for byte in data])
    assert rows_of(pieces) == rows_of(whole) == rows_of(single)


def test_a_list_of_requests_is_no_log_behind_a_prefix() -> None:
    lines = [f'{{"path": "/item/{n}", "status": 200, "bytes": {512 * n}}}' for n in range(40)]
    assert not registry.recognise(behind(PREFIXES["logging"], lines), "access.log")


@pytest.mark.parametrize(
    ("line", "tag", "said"),
    [
        ("[rank0]: step 3", "rank0", "step 3"),
        ("[rank0][GPU1] step 3", "rank0 GPU1", "step 3"),
        ("[default0]:[node3:gpu2] step 3", "default0 node3:gpu2", "step 3"),
        ("[node 3, gpu 2] step 3", "node 3, gpu 2", "step 3"),
        ("[3] step 3", None, "[3] step 3"),
    ],
)
def test_tags_of_processes(line: str, tag: str | None, said: str) -> None:
    assert rank_of(line) == (tag, said)


@pytest.mark.parametrize("tag", ["[GPU 1] ", "[rank0] "])
def test_a_process_that_is_told_twice_is_one(tag: str) -> None:
    lines = [f"[rank0]:2026-01-01 12:00:01,123 INFO {tag}{line}\n" for line in PAIRS]
    assert len(read("".join(lines).encode())[1].steps) == len(PAIRS)
