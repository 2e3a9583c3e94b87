"""Agreement with labels by eye on real logs: `python -m benchmarks.corpus_labels DIRECTORY`.

DIRECTORY holds `labels.jsonl` (one object a log: id, shape, diverged, nan,
overfit, confidence) and `files/<id>/` with the log. Logs are other people's
and not shipped. Printed are the agreements on labels of high and medium
confidence, and each disagreement; `unknown` counts apart ('cannot tell').
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import lossmon
from lossmon.errors import LossmonError

DECAYS = ("exponential", "power", "linear")


def largest(directory: Path) -> Any:
    """The run with the most points of the judged losses in a directory, None if none was read."""
    try:
        runs = lossmon.read(str(directory))
    except LossmonError as error:
        print(f"    {directory.name}: {error}")
        return None

    def points(run: Any) -> int:
        return sum(len(series) for series in (run.train, run.eval) if series is not None)

    return max(runs, key=points, default=None)


def compare(label: dict[str, Any], run: Any) -> dict[str, tuple[str, str, bool | None]]:
    """What the label says, what the verdict says, whether they agree (None: cannot tell)."""
    ever = {event.kind for event in run.events}
    stands = {event.kind for event in run.events if event.cleared_step is None}
    shape, status = run.verdict.shape, run.verdict.status
    out: dict[str, tuple[str, str, bool | None]] = {}
    bad = label["diverged"] or label["nan"]
    found = bool(stands & {"divergence", "nonfinite"})
    out["diverged"] = (str(bad), f"{status} {sorted(ever)}", found == bad)
    if label["overfit"] != "watch":
        wanted = label["overfit"] == "overfit"
        # Labels are of one evaluation series: further ones are named and decide nothing.
        turned = any(e.kind == "overfitting" and e.series == run.summary.eval for e in run.events)
        out["overfitting"] = (label["overfit"], str(sorted(ever)), turned == wanted)
    if label["shape"] in ("decay", "linear", "plateau", "diverging"):
        agrees: bool | None
        if shape == "unknown":
            agrees = None
        elif label["shape"] == "diverging":
            agrees = shape == "diverging" or found
        elif label["shape"] == "plateau":
            agrees = shape == "plateau"
        else:
            agrees = shape in DECAYS
        out["shape"] = (label["shape"], shape, agrees)
    return out


def main() -> None:
    """Print the agreement."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--confidence", default="high,medium")
    options = parser.parse_args()
    lines = (options.directory / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    counts: dict[str, list[int]] = {}
    for line in lines:
        label = json.loads(line)
        if label["confidence"] not in options.confidence.split(","):
            continue
        run = largest(options.directory / "files" / label["id"])
        if run is None:
            print(f"    {label['id']}: nothing read")
            continue
        for what, (wanted, got, agrees) in compare(label, run).items():
            tally = counts.setdefault(what, [0, 0, 0])
            tally[0 if agrees else 2 if agrees is None else 1] += 1
            if not agrees:
                print(f"    {label['id']}: {what} {wanted}, here {got}. {label['note']}")
    for what, (right, wrong, unknown) in counts.items():
        total = right + wrong
        print(
            f"{what}: {right} of {total} agree ({right / max(total, 1):.0%}), "
            f"{unknown} cannot be told"
        )


if __name__ == "__main__":
    main()
