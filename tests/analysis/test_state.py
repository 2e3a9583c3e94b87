"""A saved state goes on as if nothing had happened, is plain data, small, and runs nothing."""

from __future__ import annotations

import contextlib
import copy
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.analysis.analyzer import Analyzer
from lossmon.analysis.state import FORMAT, StateError, encode
from lossmon.errors import LossmonError
from tests.analysis.test_chunking import make_run, part


def restarted(analyzer: Analyzer) -> Analyzer:
    """The same analyzer as another process would read it from a file."""
    return Analyzer.from_state(json.loads(json.dumps(analyzer.state(), allow_nan=False)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 900), min_size=1, max_size=4))
def test_findings_after_a_restart_are_the_same(seed: int, cuts: list[int]) -> None:
    batch = make_run(seed)
    whole, pieces = Analyzer(), Analyzer()
    whole.consume(batch)
    edges = sorted({0, len(batch), *(cut for cut in cuts if cut < len(batch))})
    for start, stop in pairwise(edges):
        pieces.consume(part(batch, start, stop))
        pieces = restarted(pieces)
    assert repr(pieces.events) == repr(whole.events)
    assert repr(pieces.summary) == repr(whole.summary)
    assert repr(pieces.verdict) == repr(whole.verdict)
    # Nothing is lost on the way either: the state of the restored one is the state itself.
    assert json.dumps(restarted(whole).state()) == json.dumps(whole.state())


def test_what_is_forgotten_shows() -> None:
    """The comparison above can fail: a field less, and the findings differ."""
    t = np.arange(600.0)
    values = 2 * np.exp(-t / 100) + 0.01 * np.random.default_rng(1).standard_normal(600)
    values[400:] += np.linspace(0, 4, 200)
    whole, half = Analyzer(), Analyzer()
    whole.update_many(t, values)
    half.update_many(t[:408], values[:408])
    broken = json.loads(json.dumps(half.state()))
    for fields in _objects(broken["root"]):
        if "cusum" in fields:
            fields.update(cusum=0, hot=False, _reference=None)
    for state, same in ((half.state(), True), (broken, False)):
        later = Analyzer.from_state(state)
        later.update_many(t[408:], values[408:])
        assert (repr(later.events) == repr(whole.events)) is same


def _objects(data: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if isinstance(data, dict):
        if "object" in data:
            found.append(data["fields"])
        for value in data.values():
            found += _objects(value)
    elif isinstance(data, list):
        for value in data:
            found += _objects(value)
    return found


def small_state() -> dict[str, Any]:
    analyzer = Analyzer()
    analyzer.update_many(np.arange(40), 3 * 0.95 ** np.arange(40))
    state: dict[str, Any] = json.loads(json.dumps(analyzer.state()))
    return state


@pytest.mark.parametrize(
    "kind", ["os:system", "subprocess:Popen", "builtins:eval", "lossmon.model.names:re",
             "lossmon.analysis.state:base64", "lossmon.errors:LossmonError", "lossmon", ""]
)  # fmt: skip
def test_a_state_makes_no_object_of_others(kind: str) -> None:
    state = small_state()
    state["root"]["object"] = kind
    with pytest.raises(StateError, match="damaged"):
        Analyzer.from_state(state)


@pytest.mark.parametrize(
    "state", [None, 3, "x", [], {}, {"format": "lossmon.state/0", "root": None},
              {"format": FORMAT}, {"format": FORMAT, "root": [1]},
              {"format": FORMAT, "root": {"same": 9}}]
)  # fmt: skip
def test_what_is_no_state_is_told_so(state: object) -> None:
    with pytest.raises(LossmonError):
        Analyzer.from_state(state)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_state_raises_nothing_else(data: st.DataObject) -> None:
    """Any part replaced by anything: refused, or an Analyzer; never another error in reading."""
    state = copy.deepcopy(small_state())
    place: Any = state
    for _ in range(data.draw(st.integers(1, 7))):
        key = data.draw(
            st.sampled_from(list(place) if isinstance(place, dict) else range(len(place)))
        )
        if not (isinstance(place[key], dict | list) and place[key]):
            break  # a leaf, or nothing to go into: this is what is replaced
        parent, place = place, place[key]
    else:
        place = parent
    place[key] = data.draw(
        st.sampled_from([None, -1, 10**30, "x", [], {}, {"array": "<f8"}, {"same": 0}])
    )
    with contextlib.suppress(StateError):
        Analyzer.from_state(state)


def test_strangers_are_not_saved() -> None:
    analyzer = Analyzer()
    analyzer._asked = (object(), None)  # type: ignore[assignment]
    with pytest.raises(TypeError, match="object"):
        encode(analyzer)


@pytest.mark.parametrize("series", [1, 2])
def test_state_is_small_and_does_not_grow(series: int) -> None:
    """At most 64 kB a series, in memory (arrays counted) and written; the same after 500,000."""
    rng = np.random.default_rng(2)
    analyzer = Analyzer()
    arrays, written = [], []
    for block in range(10):
        n = 50_000
        t = np.arange(n) + block * n
        analyzer.update_many(t, 1 + 0.1 * rng.standard_normal(n))
        evaluated = 1 + 0.1 * rng.standard_normal(n // 100)
        if series == 2:
            analyzer.update_many(t[::100], evaluated, series="eval_loss")
        arrays.append(_bytes(analyzer, set()))
        written.append(len(json.dumps(analyzer.state())))
    assert max(arrays) <= series * 64 * 1024
    assert max(written) <= series * 64 * 1024
    assert arrays[-1] <= 1.1 * max(arrays[:5])
    assert written[-1] <= 1.1 * max(written[:5])


def _bytes(thing: Any, seen: set[int]) -> int:
    """Bytes that an object holds, views counted by what they keep alive."""
    import sys

    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        base = thing if thing.base is None else thing.base
        if base is not thing and id(base) in seen:
            return sys.getsizeof(thing)
        seen.add(id(base))
        return int(getattr(base, "nbytes", 0)) + 112
    size = sys.getsizeof(thing)
    if isinstance(thing, dict):
        return size + sum(_bytes(k, seen) + _bytes(v, seen) for k, v in thing.items())
    if isinstance(thing, list | tuple):
        return size + sum(_bytes(one, seen) for one in thing)
    for kind in type(thing).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if hasattr(thing, name):
                size += _bytes(getattr(thing, name), seen)
    if hasattr(thing, "__dict__"):
        size += _bytes(vars(thing), seen)
    return size
