"""A record behaves as the dataclass that it stands for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from functools import cached_property

import pytest

from lossmon.record import record


@record
class Place:
    """Two numbers and what has a default."""

    step: float
    value: float = 1.0
    notes: dict[str, int] = dataclasses.field(default_factory=dict)
    secret: int = dataclasses.field(default=7, repr=False)

    @property
    def double(self) -> float:
        return 2 * self.value


@record
class Named(Place):
    """One more field than its base."""

    name: str = "loss"


@record(slots=False)
class Kept:
    """With something worked out once."""

    value: int = 2

    @cached_property
    def square(self) -> int:
        return self.value**2


@record(frozen=False)
class Loose:
    """May be changed."""

    value: int = 2


@record(eq=False)
class Lone:
    """Equal to itself alone."""

    value: int = 2


def test_values_by_place_name_and_default() -> None:
    place = Place(3, value=2.0)
    assert (place.step, place.value, place.notes, place.double) == (3, 2.0, {}, 4.0)
    assert Place(1).notes is not Place(1).notes
    assert Named(1, 2, {}, 7, "eval").name == "eval"
    assert Named(1).name == "loss"


@pytest.mark.parametrize(
    ("given", "named"),
    [((), {}), ((1, 2, {}, 4, 5), {}), ((1,), {"step": 2}), ((1,), {"other": 2})],
)
def test_wrong_values_are_refused(given: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        Place(*given, **named)  # type: ignore[arg-type]


def test_it_cannot_be_changed() -> None:
    place = Place(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.step = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.step
    with pytest.raises(dataclasses.FrozenInstanceError):
        Kept().value = 3  # type: ignore[misc]
    assert not hasattr(place, "__dict__")
    loose = Loose()
    loose.value = 5
    assert loose == Loose(5)
    with pytest.raises(TypeError):
        hash(loose)


def test_equality_hash_and_repr() -> None:
    assert Place(1) == Place(1) != Place(2)
    assert Kept(2) != Loose(2)
    assert hash(Kept(2)) == hash(Kept(2))
    assert Lone() != Lone()
    assert hash(Lone()) is not None
    assert repr(Place(1)) == "Place(step=1, value=1.0, notes={})"
    assert Kept(3).square == 9


def test_the_dataclasses_module_takes_it_for_its_own() -> None:
    place = Named(1, 2.5)
    assert dataclasses.is_dataclass(place)
    assert [field.name for field in dataclasses.fields(Named)] == [
        "step",
        "value",
        "notes",
        "secret",
        "name",
    ]
    assert dataclasses.asdict(place) == {
        "step": 1,
        "value": 2.5,
        "notes": {},
        "secret": 7,
        "name": "loss",
    }
    assert dataclasses.replace(place, step=4) == Named(4, 2.5)
    match place:
        case Named(step, value):
            assert (step, value) == (1, 2.5)
        case _:
            pytest.fail("no match")


def test_copies_and_pickles() -> None:
    place = Named(1, 2.5, {"a": 1})
    assert pickle.loads(pickle.dumps(place)) == place
    deep = copy.deepcopy(place)
    assert deep == place
    assert deep.notes is not place.notes
