"""`record`: dataclasses that cost nothing to define.

`dataclasses.dataclass` writes each class's methods as source text and compiles
it: about half a millisecond a class, and with the ninety that a report passes
through a fifth of its start. A record's methods are the same few functions for
all classes, and loop over its fields; what they cost more a call (a
microsecond) is below what one numpy call costs.

To the rest of Python a record is a dataclass: `dataclasses.replace`, `fields`,
`asdict` and type checkers (PEP 681) take it for one. Fields are those of
`dataclasses`, defaults from `field(default_factory=…)` included; `__post_init__`,
`init=False` and `InitVar` are not.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar, dataclass_transform, overload

T = TypeVar("T")

_MISSING: Final = dataclasses.MISSING
_set: Final = object.__setattr__


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(
    *, frozen: bool = ..., slots: bool = ..., eq: bool = ...
) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(
    cls: type[T] | None = None, /, *, frozen: bool = True, slots: bool = True, eq: bool = True
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a record: as `@dataclass(frozen=True, slots=True)`, sooner.

    `slots=False` for classes with a `cached_property`; `eq=False` for those that hold arrays.
    """
    if cls is None:
        return lambda given: _made(given, frozen, slots, eq)
    return _made(cls, frozen, slots, eq)


def _made(cls: type[T], frozen: bool, slots: bool, eq: bool) -> type[T]:
    own = cls.__dict__
    annotated = inspect.get_annotations(cls)
    names = list(getattr(cls, "__record_fields__", ()))
    defaults = dict(getattr(cls, "__record_defaults__", {}))
    added = [name for name in annotated if name not in names]
    hidden = set(getattr(cls, "__record_hidden__", ()))
    for name in annotated:
        given = own.get(name, _MISSING)
        if isinstance(given, dataclasses.Field):
            if not given.repr:
                hidden.add(name)
            if given.default_factory is _MISSING:
                given = given.default
        if given is not _MISSING:
            defaults[name] = given
    namespace = {
        **{name: value for name, value in own.items() if name not in ("__dict__", "__weakref__")},
        **{name: method for name, method in _METHODS.items() if name not in own},
        **({name: method for name, method in _COMPARED.items() if name not in own} if eq else {}),
        **(_FROZEN if frozen else {}),
    }
    for name in added:
        namespace.pop(name, None)
        if not slots and name in defaults and not isinstance(defaults[name], dataclasses.Field):
            namespace[name] = defaults[name]
    names += added
    if slots:
        namespace["__slots__"] = tuple(added)
    namespace["__match_args__"] = namespace["__record_fields__"] = tuple(names)
    namespace["__record_defaults__"] = defaults
    namespace["__record_hidden__"] = frozenset(hidden)
    if eq and not frozen and "__hash__" not in own:
        namespace["__hash__"] = None  # as a dataclass that can be compared and changed
    metaclass: Any = type(cls)
    made: type[T] = metaclass(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    # A slot's own setter is quicker than `object.__setattr__`, which has to find it.
    setters = [getattr(getattr(made, name, None), "__set__", None) for name in names]
    made.__record_setters__ = tuple(  # type: ignore[attr-defined]
        own_setter or _setter(name) for name, own_setter in zip(names, setters, strict=True)
    )
    made.__record_values__ = tuple(  # type: ignore[attr-defined]
        defaults.get(name) for name in names
    )
    return made


def _setter(name: str) -> Callable[[Any, Any], None]:
    return lambda self, value: _set(self, name, value)


def _init(self: Any, *given: Any, **named: Any) -> None:
    names, setters = self.__record_fields__, self.__record_setters__
    if len(given) > len(names):
        raise TypeError(f"{type(self).__name__} takes {len(names)} values, not {len(given)}")
    for put, value in zip(setters, given, strict=False):
        put(self, value)
    if len(given) == len(names) and not named:
        return
    defaults = self.__record_defaults__
    if not named and len(defaults) == len(names):  # the most frequent: nothing to be looked up
        for put, value in zip(
            setters[len(given) :], self.__record_values__[len(given) :], strict=True
        ):
            if type(value) is dataclasses.Field:
                value = value.default_factory()  # type: ignore[operator]
            put(self, value)
        return
    for name, put in zip(names[len(given) :], setters[len(given) :], strict=True):
        if name in named:
            put(self, named.pop(name))
        elif name in defaults:
            value = defaults[name]
            if type(value) is dataclasses.Field:
                value = value.default_factory()  # type: ignore[operator]
            put(self, value)
        else:
            raise TypeError(f"{type(self).__name__} needs {name!r}")
    if named:
        raise TypeError(f"{type(self).__name__} takes no (further) {', '.join(map(repr, named))}")


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__record_fields__])


def _eq(self: Any, other: object) -> bool:
    if other.__class__ is not self.__class__:
        return NotImplemented  # type: ignore[no-any-return]
    same: bool = _values(self) == _values(other)
    return same


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    inside = ", ".join(
        f"{name}={getattr(self, name)!r}"
        for name in self.__record_fields__
        if name not in self.__record_hidden__
    )
    return f"{type(self).__qualname__}({inside})"


def _reduce(self: Any) -> tuple[Any, ...]:
    return type(self), _values(self)


def _no_set(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


class _Fields:
    """What `dataclasses` asks a dataclass for, made when it is first asked for."""

    def __get__(self, instance: object, owner: Any) -> dict[str, dataclasses.Field[Any]]:
        made = owner.__dict__.get("__record_described__")
        if made is None:
            defaults = owner.__record_defaults__
            annotations = {
                name: text
                for base in reversed(owner.__mro__)
                for name, text in inspect.get_annotations(base).items()
            }
            described = [
                (name, annotations[name], defaults.get(name, dataclasses.field()))
                for name in owner.__record_fields__
            ]
            shadow: Any = dataclasses.make_dataclass(owner.__name__, described)
            made = owner.__record_described__ = shadow.__dataclass_fields__
        fields: dict[str, dataclasses.Field[Any]] = made
        return fields


_METHODS: Final[dict[str, Any]] = {
    "__init__": _init,
    "__repr__": _repr,
    "__reduce__": _reduce,
    "__dataclass_fields__": _Fields(),
}
_COMPARED: Final[dict[str, Any]] = {"__eq__": _eq, "__hash__": _hash}
_FROZEN: Final[dict[str, Any]] = {"__setattr__": _no_set, "__delattr__": _no_delete}
