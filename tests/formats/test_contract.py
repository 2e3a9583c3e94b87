"""The contract between parsers and the rest, asked of every registered format.

LOSSMON_MUTATIONS=10000 runs the long version of the damage test.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lossmon.formats.base import HEAD_BYTES, Context, Format
from lossmon.formats.registry import formats, recognise
from lossmon.model import concatenate
from tests.formats import contract
from tests.formats.reading import rows_of

MUTATIONS = int(os.environ.get("LOSSMON_MUTATIONS", "14"))
SMALL = 4096
"""Bytes of a sample that the slow tests use, about."""

NAMES = sorted(fmt.name for fmt in formats())
CASES = [
    pytest.param(fmt, path, id=f"{fmt.name}-{path.name}")
    for fmt in sorted(contract.fed_formats(), key=lambda fmt: fmt.name)
    for path in contract.samples(fmt)
]


def test_names_are_unique_and_described() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for fmt in formats():
        assert fmt.name
        assert fmt.name == fmt.name.lower()
        assert fmt.title
        assert fmt.sample


@pytest.mark.parametrize("name", NAMES)
def test_has_a_sample(name: str) -> None:
    assert any((contract.DATA / name).rglob("*")), f"no file in tests/data/{name}/"


@pytest.mark.parametrize(("fmt", "path"), CASES)
def test_sample_is_recognised_and_read(fmt: Format, path: Path) -> None:
    data = path.read_bytes()
    claims = recognise(data[:HEAD_BYTES], path.name)
    assert claims, "no format claims its own sample"
    assert claims[0][1].name == fmt.name, [(claim.confidence, f.name) for claim, f in claims]
    assert claims[0][0].reason
    batch, parser = contract.read(fmt, contract.context_of(fmt, path), [data])
    assert len(batch) > 0
    assert parser.bad_records == 0


@pytest.mark.parametrize(("fmt", "path"), CASES)
def test_chunks_make_no_difference_whole_file(fmt: Format, path: Path) -> None:
    data = path.read_bytes()
    context = contract.context_of(fmt, path)
    whole, parser = contract.read(fmt, context, [data])
    thirds, parser_of_thirds = contract.read(
        fmt, context, contract.cut(data, [len(data) // 3, 2 * len(data) // 3 + 1])
    )
    assert rows_of(thirds) == rows_of(whole)
    assert parser_of_thirds.info == parser.info
    assert parser_of_thirds.bad_records == parser.bad_records


@pytest.mark.parametrize(("fmt", "path"), CASES)
def test_a_copy_in_the_middle_goes_on_by_itself(fmt: Format, path: Path) -> None:
    data = path.read_bytes()
    middle = 2 * len(data) // 3
    context = contract.context_of(fmt, path)
    whole, _ = contract.read(fmt, context, [data])
    parser = contract.new_parser(fmt, context)
    before = parser.feed(data[:middle])
    copied = copy.deepcopy(parser)
    copied.finish()  # as it looks now, while the source is quiet
    after = [parser.feed(data[middle:]), parser.finish()]
    assert rows_of(concatenate([before, *after])) == rows_of(whole)


@pytest.mark.parametrize(("fmt", "path"), CASES)
def test_byte_by_byte(fmt: Format, path: Path) -> None:
    data = contract.extract(fmt, path, SMALL)
    context = contract.context_of(fmt, path)
    whole, parser = contract.read(fmt, context, [data])
    single, parser_of_single = contract.read(
        fmt, context, [data[i : i + 1] for i in range(len(data))]
    )
    assert rows_of(single) == rows_of(whole)
    assert parser_of_single.info == parser.info
    assert parser_of_single.bad_records == parser.bad_records


@pytest.mark.parametrize(("fmt", "path"), CASES)
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(0, SMALL), max_size=30))
def test_random_chunks(fmt: Format, path: Path, cuts: list[int]) -> None:
    data = contract.extract(fmt, path, SMALL)
    context = contract.context_of(fmt, path)
    whole, parser = contract.read(fmt, context, [data])
    pieces, parser_of_pieces = contract.read(fmt, context, contract.cut(data, cuts))
    assert rows_of(pieces) == rows_of(whole)
    assert parser_of_pieces.bad_records == parser.bad_records


@pytest.mark.parametrize(("fmt", "path"), CASES)
def test_survives_damage(fmt: Format, path: Path) -> None:
    data = contract.extract(fmt, path, SMALL)
    context = contract.context_of(fmt, path)
    for number, damaged in enumerate(contract.mutations(data, MUTATIONS, seed=len(path.name))):
        whole, parser = contract.read(fmt, context, [damaged])
        assert parser.bad_records >= 0
        fmt.sniff(damaged, path.name)
        if number % 5 == 0:
            pieces = contract.cut(damaged, [7, 1001, 1002, 2500])
            again, parser_of_pieces = contract.read(fmt, context, pieces)
            assert rows_of(again) == rows_of(whole)
            assert parser_of_pieces.bad_records == parser.bad_records


@pytest.mark.parametrize("fmt", contract.fed_formats(), ids=lambda fmt: fmt.name)
@settings(max_examples=15, deadline=None)
@given(
    data=st.binary(max_size=400), name=st.sampled_from(["x", "log.txt", "metrics.csv", "a.json"])
)
def test_survives_any_bytes(fmt: Format, data: bytes, name: str) -> None:
    fmt.sniff(data, name)
    whole, _ = contract.read(fmt, Context(name), [data])
    halves, _ = contract.read(fmt, Context(name), contract.cut(data, [len(data) // 2]))
    assert rows_of(halves) == rows_of(whole)


@pytest.mark.parametrize("fmt", contract.fed_formats(), ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("data", [b"", b"\n", b"{}", b"[]", b"\0" * 5000, b"a" * 70000, b"\n" * 9])
def test_nothing_comes_from_nothing(fmt: Format, data: bytes) -> None:
    sniff = fmt.sniff(data[:HEAD_BYTES], "x")
    assert sniff is None or sniff.confidence < 0.2
    batch, _ = contract.read(fmt, Context("x"), [data])
    assert len(batch) == 0
