"""Names in little room: what tells runs apart stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lossmon.tui.shortnames import fitted, short_names

SWEEP = [
    f"llama-3.1-8b-instruct-qlora-r64-lr{rate}-bs16-warmup100-s{seed}.jsonl"
    for rate in ("1e4", "2e4")
    for seed in (1, 2)
]


def test_a_sweep_keeps_what_differs() -> None:
    short = short_names(SWEEP)
    assert [short[name] for name in SWEEP] == [
        "llama…-lr1e4…-s1",
        "llama…-lr1e4…-s2",
        "llama…-lr2e4…-s1",
        "llama…-lr2e4…-s2",
    ]


def test_a_name_that_fits_stays_whole_and_an_extension_goes_first() -> None:
    assert fitted("run.jsonl", 10, {}) == "run.jsonl "
    assert fitted("run-1.jsonl", 6, short_names(["run-1.jsonl"])) == "run-1 "


def test_what_all_share_is_shown_where_there_is_room() -> None:
    short = short_names(SWEEP)
    assert fitted(SWEEP[1], 16, short) == "llama…-lr1e4…-s2"
    assert fitted(SWEEP[1], 24, short) == "llama-3.1-8b-…-lr1e4…-s2"
    assert fitted(SWEEP[3], 30, short).startswith("llama-3.1-8b-instr")
    assert fitted(SWEEP[3], 30, short).endswith("…-lr2e4…-s2")


def test_a_name_alone_is_cut_in_its_middle() -> None:
    name = "a-very-long-name-of-one-run-alone"
    assert fitted(name, 16, short_names([name])) == "a-ver…-run-alone"


@given(st.lists(st.text(st.sampled_from("ab-._0日"), min_size=1, max_size=30), unique=True))
def test_every_name_is_kept_apart_and_fits(names: list[str]) -> None:
    short = short_names(names)
    assert set(short) == set(names)
    bare = {name: value for name, value in short.items() if not name.endswith((".log", ".csv"))}
    assert len(set(bare.values())) == len(bare)
    for name in names:
        for width in (1, 5, 12):
            assert cell_len(fitted(name, width, short)) == width
