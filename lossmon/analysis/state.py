"""The state of an Analyzer as plain data, to be saved and gone on from: JSON, never code.

`encode` turns the object and everything that it holds into dicts, lists,
strings and numbers that `json.dumps` takes; `decode` builds it again. Floats
keep every bit (JSON's shortest digits do; NaN and infinities are named), arrays
are their bytes in base64, and what two objects share stays shared. Objects are
those of `lossmon.analysis` and `lossmon.model` alone: they are made without a
call of any constructor, so that a state of unknown origin can be wrong but
cannot run anything.
"""

from __future__ import annotations

import base64
import binascii
import enum
import math
import sys
from typing import Any, Final

import numpy as np

from lossmon.errors import LossmonError

FORMAT: Final = "lossmon.state/2"
MAX_NODES: Final = 2_000_000
"""Values in one state; 2,000 events of ten numbers each are a fiftieth of it."""
_ROOMS: Final = ("lossmon.analysis.", "lossmon.model.")
_DTYPES: Final = ("<f8", "<i8", "|b1")
_NAMED: Final = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class StateError(LossmonError):
    """A saved state that cannot be gone on from: the log is to be fed anew."""

    exit_code = 4


def encode(thing: object, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return `thing` as data; attributes of the root in `leave_out` are None there."""
    return {"format": FORMAT, "root": _Encoder().object(thing, leave_out)}


def decode(state: object, wanted: type[Any]) -> Any:
    """Return the object that `encode` was given, an instance of `wanted`; raise StateError."""
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        found = state.get("format") if isinstance(state, dict) else type(state).__name__
        raise StateError(
            f"not a state that this version saved ({FORMAT}): {str(found)[:80]!r}; "
            "feed the log to a fresh Analyzer instead"
        )
    try:
        thing = _Decoder().value(state.get("root"))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError,
            binascii.Error) as error:  # fmt: skip
        raise StateError(f"the saved state is damaged: {error}") from error
    if not isinstance(thing, wanted):
        raise StateError(f"the saved state is of no {wanted.__name__}")
    return thing


class _Encoder:
    """Keeps the objects met, so that one that is met again becomes a reference."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}
        self._kept: list[object] = []

    def value(self, value: object) -> Any:
        if value is None or (isinstance(value, bool | str) and not isinstance(value, enum.Enum)):
            return value
        if isinstance(value, enum.Enum):
            return {"enum": _name(type(value)), "name": value.name}
        if isinstance(value, int | np.integer):
            return int(value)
        if isinstance(value, float | np.floating):
            number = float(value)
            return number if math.isfinite(number) else {"float": repr(number)}
        if isinstance(value, np.ndarray):
            flat = np.ascontiguousarray(value)
            if flat.dtype.str not in _DTYPES:
                raise TypeError(f"no array of {flat.dtype} belongs into a state")
            text = base64.b64encode(flat.tobytes()).decode("ascii")
            return {"array": flat.dtype.str, "shape": list(value.shape), "bytes": text}
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return {"tuple": [self.value(one) for one in value]}
        if isinstance(value, dict):
            return {"dict": [[self.value(k), self.value(v)] for k, v in value.items()]}
        return self.object(value)

    def object(self, thing: object, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
        known = self._met.get(id(thing))
        if known is not None:
            return {"same": known}
        if not type(thing).__module__.startswith(_ROOMS):
            raise TypeError(f"no {type(thing).__qualname__} belongs into a state")
        self._met[id(thing)] = number = len(self._kept)
        self._kept.append(thing)
        fields = {
            name: None if name in leave_out else self.value(getattr(thing, name))
            for name in _fields(thing)
        }
        return {"object": _name(type(thing)), "number": number, "fields": fields}


class _Decoder:
    def __init__(self) -> None:
        self._made: list[object] = []
        self._nodes = 0

    def value(self, data: Any) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ValueError("too large")
        if data is None or isinstance(data, bool | int | float | str):
            return data
        if isinstance(data, list):
            return [self.value(one) for one in data]
        if not isinstance(data, dict):
            raise TypeError(f"a {type(data).__name__} where a value should be")
        if "object" in data:
            return self._object(data)
        if "same" in data:
            return self._made[data["same"]]
        if "float" in data:
            return _NAMED[data["float"]]
        if "array" in data:
            return _array(data)
        if "tuple" in data:
            return tuple(self.value(one) for one in data["tuple"])
        if "dict" in data:
            return {self.value(key): self.value(value) for key, value in data["dict"]}
        if "enum" in data:
            return _class(data["enum"], enum.Enum)[data["name"]]
        raise ValueError("a value of no kind")

    def _object(self, data: dict[str, Any]) -> object:
        made: object = object.__new__(_class(data["object"], object))
        if data["number"] != len(self._made):
            raise ValueError("objects out of order")
        self._made.append(made)
        slots = _slots(type(made))
        for name, value in data["fields"].items():
            if name.startswith("__") or (slots and name not in slots):
                raise ValueError(f"no field {name[:40]!r} in {type(made).__name__}")
            object.__setattr__(made, name, self.value(value))
        missing = [name for name in slots if not hasattr(made, name)]
        if missing:
            raise ValueError(f"{type(made).__name__} lacks {missing[0]}")
        return made


def _array(data: dict[str, Any]) -> Any:
    if data["array"] not in _DTYPES:
        raise ValueError("an array of no known kind")
    raw = base64.b64decode(data["bytes"], validate=True)
    return np.frombuffer(raw, dtype=data["array"]).reshape(data["shape"]).copy()


def _slots(kind: type[Any]) -> list[str]:
    """Names of the slots of a class, [] where its instances have a `__dict__`."""
    found: list[str] = []
    for base in kind.__mro__[:-1]:
        own = base.__dict__.get("__slots__")
        if own is None:
            return []
        found += [own] if isinstance(own, str) else list(own)
    return found


def _fields(thing: object) -> list[str]:
    return _slots(type(thing)) or list(vars(thing))


def _name(kind: type[Any]) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(name: str, base: type[Any]) -> Any:
    """Return a class of our own by its name; modules are looked up, never imported."""
    module, _, kind = name.partition(":")
    found = getattr(sys.modules.get(module), kind, None) if module.startswith(_ROOMS) else None
    if not isinstance(found, type) or found.__module__ != module or not issubclass(found, base):
        raise ValueError(f"no class {name[:80]!r}")
    return found
