"""What a run's figures are told to mean: by the unit of its loss, by what is saved of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.formats.registry import get
from lossmon.model import Point, RunInfo, Summary, Verdict
from lossmon.monitor.told import completed, lossless
from lossmon.sources.checkpoints import Checkpoints


@pytest.mark.parametrize(
    ("saved", "named"),
    [(("100", "480"), "checkpoint-100"), (("95", "480"), "checkpoint-95"), (("480",), "told")],
)
def test_only_a_checkpoint_near_the_best_evaluation_is_the_one_to_keep(
    tmp_path: Path, saved: tuple[str, ...], named: str
) -> None:
    for step in saved:
        (tmp_path / f"checkpoint-{step}").mkdir()
    summary = Summary(best_eval=Point(100.0, None, 2.6))
    info = RunInfo(best_checkpoint="told")
    found = completed(summary, info, Checkpoints(tmp_path), cross_entropy=True)
    assert found.best_checkpoint == named


@pytest.mark.parametrize(("name", "known"), [("jsonl", True), ("mmengine+json", False)])
def test_a_detectors_loss_is_no_probability(name: str, known: bool) -> None:
    summary = Summary(smoothed=0.5, probability=0.6, perplexity=1.6)
    found = completed(summary, RunInfo(), None, cross_entropy=get(name).cross_entropy)
    assert (found.probability is not None) is known
    assert (found.perplexity is not None) is known


def test_a_log_without_a_loss_says_what_it_has_instead() -> None:
    names = ("accuracy", *(f"layer_{n}" for n in range(9)))
    told = lossless(Verdict(headline="Too early to say"), Summary(), names)
    assert told.headline.endswith("accuracy, layer_0, layer_1, layer_2, layer_3 and 5 more.")
    assert "--train NAME" in told.advice[0]
    judged = Verdict(headline="as it was")
    assert lossless(judged, Summary(train="loss"), names) is judged
    assert lossless(judged, Summary(), ()) is judged
