"""JSON objects that do not stand a line each: indented, behind prefixes, between other lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import registry
from lossmon.formats.base import HEAD_BYTES, Context
from lossmon.formats.json_objects import JsonObjectsParser
from lossmon.model import Batch
from tests.formats import contract
from tests.formats.reading import parse, rows_of

RECORDS: list[dict[str, Any]] = [
    {
        "step": 10 * n,
        "epoch": n // 6,
        "train": {"loss": round(2.5 / (1 + 0.1 * n), 4), "note": 'a "}" in words'},
        "val_loss": round(2.6 / (1 + 0.1 * n), 4),
        "shape": [1, 2],
    }
    for n in range(1, 25)
]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)

Wrap = Callable[[list[str]], str]


def each(prefix: str) -> Wrap:
    return lambda objects: "".join(
        f"{prefix}{line}\n" for one in objects for line in one.split("\n")
    )


def first(prefix: str) -> Wrap:
    return lambda objects: "".join(f"{prefix}{one}\n" for one in objects)


WRAPS: dict[str, Wrap] = {
    "plain": "\n".join,
    "commas": ",\n".join,
    "blank-lines": "\n\n".join,
    "between-lines": lambda objects: "".join(
        f"Saved {n} of 24\n{o}\n" for n, o in enumerate(objects)
    ),
    "rank": each("[rank0]: "),
    "kubectl": each("2026-01-01T12:00:00.123456789Z "),
    "logging-each": each("2026-01-01 12:00:00,123 INFO root: "),
    "logging": first("2026-01-01 12:00:00,123 INFO root: "),
    "basic": first("INFO:trainer:"),
    "named": first("metrics: "),
    "windows": lambda objects: "\n".join(objects).replace("\n", "\r\n"),
}


def read(data: bytes, name: str = "out.log") -> tuple[str, Batch]:
    claims = registry.recognise(data[:HEAD_BYTES], name)
    assert claims
    batch, parser = parse(claims[0][1], data, Context(name))
    assert parser.bad_records == 0
    return claims[0][1].name, batch


@pytest.mark.parametrize("indent", [1, 2, 4, "\t"])
@pytest.mark.parametrize("wrap", WRAPS)
def test_the_same_as_a_line_each(wrap: str, indent: int | str) -> None:
    objects = [json.dumps(record, indent=indent) for record in RECORDS]
    name, batch = read(f"{WRAPS[wrap](objects)}\n".encode())
    assert name.partition("+")[0] == "json-objects"
    assert rows_of(batch) == rows_of(read(LINES.encode())[1])


def test_several_on_a_line() -> None:
    text = "".join(
        json.dumps(a) + json.dumps(b) + "\n"
        for a, b in zip(RECORDS[::2], RECORDS[1::2], strict=True)
    )
    assert rows_of(read(text.encode())[1]) == rows_of(read(LINES.encode())[1])


@pytest.mark.parametrize("wrap", ["plain", "rank", "logging"])
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 5000), max_size=20))
def test_any_cut_gives_the_same_rows(wrap: str, cuts: list[int]) -> None:
    data = f"{WRAPS[wrap]([json.dumps(record, indent=2) for record in RECORDS])}\n".encode()
    fmt = registry.recognise(data, "out.log")[0][1]
    whole, _ = contract.read(fmt, Context("out.log"), [data])
    pieces, _ = contract.read(fmt, Context("out.log"), contract.cut(data, cuts))
    single, _ = contract.read(fmt, Context("out.log"), [bytes([byte]) for byte in data])
    assert rows_of(pieces) == rows_of(whole) == rows_of(single)


def test_one_process_speaks_for_all() -> None:
    text = "".join(
        f"{tag}{line}\n"
        for record in RECORDS
        for line in json.dumps(record, indent=2).split("\n")
        for tag in ("[rank0]: ", "[rank1]: ")
    )
    assert rows_of(read(text.encode())[1]) == rows_of(read(LINES.encode())[1])


def test_an_object_that_was_cut_off_is_counted_and_the_next_is_read() -> None:
    objects = [json.dumps(record, indent=2) for record in RECORDS]
    text = "\n".join([*objects[:10], objects[10][:60], *objects[11:]]) + "\n"
    parser = JsonObjectsParser()
    assert len(parser.feed(text.encode()).steps) == 23
    assert parser.bad_records == 1


def test_an_object_without_an_end_takes_no_more_memory() -> None:
    parser = JsonObjectsParser()
    parser.feed(b'{\n"a": {\n' + b'"loss": 1,\n' * 50_000)
    assert len(parser._pieces) <= 2000
    assert parser.bad_records == 1


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"step": 1, "loss": 0.5}, indent=2),  # one document
        "[\n" + ",\n".join(json.dumps(record, indent=2) for record in RECORDS) + "\n]",
        "".join(
            json.dumps({"name": f"item {n}", "price": 0.5 * n}, indent=2) + "\n" for n in range(9)
        ),
        "".join(f"void step{n}() {{\n  loss = {n};\n}}\n" for n in range(9)),
        LINES,
    ],
)
def test_what_is_another_format_or_none(text: str) -> None:
    claims = registry.recognise(f"{text}\n".encode(), "out.log")
    assert all(fmt.name != "json-objects" for _, fmt in claims)


@pytest.mark.parametrize("end", ["", ",", "\n", ",\n", "\n]", "\n]\n"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_that_grows_at_its_end_is_whole(end: str, indent: int | None) -> None:
    text = "[\n" + ",\n".join(json.dumps(record, indent=indent) for record in RECORDS) + end
    name, batch = read(text.encode(), "log.json")
    assert name == "json-history"
    assert rows_of(batch) == rows_of(read(LINES.encode())[1])


def test_a_list_of_which_the_last_record_is_cut_says_so() -> None:
    text = "[\n" + ",\n".join(json.dumps(record) for record in RECORDS)
    fmt = registry.get("json-history")
    batch, parser = parse(fmt, text[:-20].encode(), Context("log.json"))
    assert len(batch.steps) == 23
    assert parser.bad_records == 1
