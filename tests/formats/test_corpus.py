"""Logs by others: recognised as what they are, with the labelled numbers of points.

The logs lie beside the project and are not part of it; where they are absent
the tests are skipped. A count that differs from its label by more than 1 %
stands in `EXPLAINED`, with the reason.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.formats.corpus_table import labels
from tests.formats.reading import Reading, read_file, read_tree
from tests.formats.truth import CORPUS

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the logs by others are kept outside the repository"
)

EXPLAINED = {
    "hft-viz": (
        {"train": 30, "eval": 31},
        "six evaluation sets with names of their own (eval_g0_loss …), 31 points of the first; "
        "the label counts the plain `eval_loss` alone",
    ),
}

# What each file is; the rest are told by their labels.
FORMATS = {
    "catboost-credit": "catboost-json",
    "catboost-credit-tsv": "catboost-tsv",
    "chatglm-ccks-e50-state": "hf-trainer-state",
    "detectron2-kevindic": "detectron2-json",
    "detr-moqixis": "detr-json",
    "dreamer-metrics": "jsonl",
    "dr-train-medsegdiff": "csv",
    "flair-jannenev-loss": "csv",
    "hft-viz": "hf-trainer-state",
    "lf-mistral-state": "hf-trainer-state",
    "lightning-genrisk-0": "lightning-csv",
    "lightning-mlaos-1": "lightning-csv",
    "ludwig-qa-stats": "json-history",
    "mlflow-liver-0": "mlflow-files",
    "mmdet-nan-voc-moco": "openmmlab-json",
    "nanogpt-seis-csv": "csv",
    "sb3-a2c-acrobot-mon": "sb3-monitor",
    "wandb-nanogpt-bin": "wandb",
    "wandb-asset-tb": "tensorboard",
}

FOLDERS = sorted((CORPUS / "files").iterdir()) if CORPUS.is_dir() else []
LABELS = labels() if CORPUS.is_dir() else {}


def read(folder: Path) -> list[Reading]:
    """Read a folder's files, those of one run together.

    MLflow's metric files were taken out of the folders that tell their run,
    so each of them is read on its own.
    """
    files = list(folder.iterdir())
    readings = [read_file(files[0])] if len(files) == 1 else read_tree(folder)
    assert len(readings) == 1 or {r.format_name for r in readings} == {"mlflow-files"}
    return readings


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_log(folder: Path) -> None:
    start = time.process_time()
    readings = read(folder)
    taken = time.process_time() - start
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert taken < 5 + size / 1e6, "no hang: far more than a second a megabyte"
    wanted = LABELS.get(folder.name)
    if folder.name in EXPLAINED:
        wanted = EXPLAINED[folder.name][0]
    if folder.name in FORMATS:
        assert {reading.format_name for reading in readings} == {FORMATS[folder.name]}
    if wanted is None:
        return
    judged = [reading.judged() for reading in readings]
    for key, found in zip(("train", "eval"), zip(*judged, strict=True), strict=True):
        count = sum(len(series) for series in found if series is not None)
        assert abs(count - wanted[key]) <= 0.01 * wanted[key], (key, count, wanted)


def test_labels_of_nan_are_seen() -> None:
    rows = [json.loads(line) for line in (CORPUS / "labels.jsonl").read_text().splitlines()]
    for row in rows:
        if row["nan"]:
            train, _ = read(CORPUS / "files" / row["id"])[0].judged()
            assert train is not None
            assert train.nonfinite > 0
