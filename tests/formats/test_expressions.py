"""No expression of lossmon's can run away on a hostile log."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import lossmon
from lossmon.formats import _late
from tests.formats.expressions import runaways


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?: {2,24}[^\n]{0,200}\n){0,60}?x",
        r"(a+)+b",
        r"(?:\w+\s*)*:",
        r"(?:a*b?a*,)*x",
        r"(?i)(?:[a-z]{1,9}[A-Z]{0,9};)+x",
    ],
)
def test_a_repeated_part_with_two_readings_is_found(pattern: str) -> None:
    assert runaways(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:  [^\n]{0,222}\n){0,60}?x",
        r"(?:\w++\s*+)*:",
        r"(?:\w+ )*x",
        r"\s*\w*\w*",  # not repeated: cubic at worst
        r"(?:\d+(?=x)x)*",
    ],
)
def test_one_with_a_single_reading_is_not(pattern: str) -> None:
    assert runaways(pattern) == []


def test_no_expression_of_ours_can_run_away() -> None:
    seen = {}
    for module in pkgutil.walk_packages(lossmon.__path__, "lossmon."):
        if module.name.startswith(("lossmon.cluster", "lossmon.integrations", "lossmon.__main__")):
            continue  # they need packages of extras, and hold none
        holders = [importlib.import_module(module.name)]
        holders += [one for one in vars(holders[0]).values() if isinstance(one, type)]
        for holder in holders:
            for name, value in list(vars(holder).items()):
                if isinstance(value, _late._Late):
                    seen[f"{module.name}:{name}"] = (value._source, value._flags)
                elif isinstance(value, re.Pattern):
                    seen[f"{module.name}:{name}"] = (value.pattern, value.flags & ~re.UNICODE)
    assert len(seen) > 300
    bad = {
        where: found for where, (text, flags) in seen.items() if (found := runaways(text, flags))
    }
    assert bad == {}
