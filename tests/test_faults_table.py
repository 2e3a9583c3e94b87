"""`FAULTS.md` names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"^\| .* \| `(tests/\S+\.py)(?:::(\w+))?` \|$", re.MULTILINE)


def test_every_fault_names_a_test_that_exists() -> None:
    text = (ROOT / "tests" / "FAULTS.md").read_text()
    named = NAMED.findall(text)
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(named) == len(rows) - rows.count("| fault | test |")
    assert len(named) > 30
    missing = []
    for file, function in named:
        path = ROOT / file
        found = path.is_file() and re.search(
            rf"def {function}\(" if function else "def test_", path.read_text()
        )
        if not found:
            missing.append(f"{file}::{function}")
    assert missing == []
