"""How often the verdicts are right, as the benchmark last measured it.

`benchmarks/verdicts.py` writes the file beside the detectors that it measured::

    {"command": "python -m benchmarks.verdicts …", "date": "2026-01-31",
     "kinds": {"plateau": {"healthy_runs": 1000, "false_alarms": 3,
                           "resolvable": 180, "found": 171, "delay": 1.6}}}

`delay` is the median over that of an oracle that knows the noise. Every key
is optional; without the file pages name the benchmark's own table.
`benchmarks/extrapolation.py` adds "forecast": the bands that held the end;
`experiments/fine_tuning/loss_curve_analysis.py` "fine_tuning": what curves told of scores.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Final

from lossmon.analysis.extrapolation import COVERAGE

FILE: Final = "measured.json"
NOT_MEASURED: Final = (
    "How often it is right on simulated runs stands in benchmarks/VERDICTS.md, where it is "
    "measured."
)


def load() -> dict[str, Any]:
    """Return what was measured ({} if nothing was)."""
    file = resources.files("lossmon.analysis").joinpath(FILE)
    if not file.is_file():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def sentence(kind: str, found: dict[str, Any] | None = None) -> str:
    """Return how often events of a kind are right, in a sentence or two."""
    data = load() if found is None else found
    figures = data.get("kinds", {}).get(kind, {})
    parts = []
    if figures.get("healthy_runs"):
        parts.append(
            f"raised wrongly in {figures.get('false_alarms', 0)} of "
            f"{figures['healthy_runs']:,} healthy runs"
        )
    if figures.get("resolvable"):
        parts.append(
            f"found in {figures.get('found', 0):,} of the {figures['resolvable']:,} runs in "
            "which the noise lets it be told"
        )
    if figures.get("delay") is not None:
        parts.append(
            f"after {figures['delay']:.3g} times as many points as an oracle that knows the "
            "noise needs"
        )
    if not parts:
        return NOT_MEASURED
    command = f" (`{data['command']}`, {data.get('date', 'undated')})" if "command" in data else ""
    return f"Measured on simulated runs with known onsets{command}: " + ", ".join(parts) + "."


def forecast(found: dict[str, Any] | None = None) -> str:
    """Return how often the forecast's band held the end, by `benchmarks.extrapolation --keep`."""
    data = load() if found is None else found
    figures = data.get("forecast", {})
    parts = [
        f"{figures[name]['held']:,} of {figures[name]['runs']:,} {words}"
        for name, words in (("simulated", "simulated runs"), ("real", "real ones"))
        if figures.get(name, {}).get("runs")
    ]
    if not parts:
        return "How often the band holds the end, `python -m benchmarks.extrapolation` measures."
    return (
        f"Measured (`{figures['command']}`, {figures.get('date', 'undated')}; three fifths seen): "
        f"the band of {COVERAGE:.0%} held the end of {' and of '.join(parts)}."
    )


def seeds(found: dict[str, Any] | None = None) -> str:
    """Return how much the seed alone changed the final evaluation loss of small fine-tunings."""
    figures = _fine_tuning(found)
    spreads = figures.get("seed_spread", {})
    if not spreads:
        return ""
    told = ", ".join(f"{task} {share:.0%}" for task, share in spreads.items())
    return f"The seed alone (sd over mean of the final evaluation loss), by task: {told}."


def proxy(found: dict[str, Any] | None = None) -> str:
    """Return how well evaluation loss ordered the checkpoints of a run by their score."""
    figures = _fine_tuning(found).get("proxy", {})
    if not figures.get("runs"):
        return ""
    return (
        f"Over the checkpoints of {figures['runs']:,} runs the median rank correlation of "
        f"evaluation loss and score was {figures['rank_correlation']:.2f} (minus one is perfect)."
    )


def reduction_rule(found: dict[str, Any] | None = None) -> str:
    """Return how many runs of a strong reduction ended with a good score."""
    figures = _fine_tuning(found).get("strong", {})
    if not figures.get("runs"):
        return ""
    return (
        f"Of {figures['runs']:,} small fine-tunings rated strong, {figures['good']:,} answered "
        "nine of ten unseen prompts right at their end."
    )


def gap_rule(found: dict[str, Any] | None = None) -> str:
    """Return in how many runs of a wide gap, and of an overfitting event, the score fell."""
    figures = _fine_tuning(found)
    parts = [
        f"of {figures[name]['runs']:,} {words} the score on unseen prompts fell significantly in "
        f"{figures[name]['fell']:,}"
        for name, words in (
            ("wide_gap", "runs whose gap is rated overfitting"),
            ("overfitting", "with an event `overfitting`"),
        )
        if figures.get(name, {}).get("runs")
    ]
    return f"In small fine-tunings, {'; '.join(parts)}." if parts else ""


def experiments(found: dict[str, Any] | None = None) -> str:
    """Return where these figures come from, or how they would be made."""
    figures = _fine_tuning(found)
    if not figures:
        return "`python -m experiments.fine_tuning.loss_curve_analysis` measures them."
    return (
        f"Measured on {figures['runs']:,} small fine-tunings of three task types "
        f"(`{figures['command']}`, {figures.get('date', 'undated')})."
    )


def _fine_tuning(found: dict[str, Any] | None) -> dict[str, Any]:
    data = load() if found is None else found
    figures: dict[str, Any] = data.get("fine_tuning", {})
    return figures
