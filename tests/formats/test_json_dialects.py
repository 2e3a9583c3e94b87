"""What single frameworks do with JSON lines beyond the common."""

from __future__ import annotations

import json

from lossmon.formats.registry import get
from lossmon.model import Batch, concatenate
from tests.formats.contract import DATA, Context, new_parser


def read(name: str, text: str) -> tuple[Batch, object]:
    parser = new_parser(get(name), Context())
    return concatenate([parser.feed(text.encode()), parser.finish()]), parser.info


def points(batch: Batch, name: str) -> dict[float, float]:
    column = next(column for column in batch.columns if column.name == name)
    steps = batch.steps if column.rows is None else batch.steps[column.rows]
    return dict(zip(steps.tolist(), column.values.tolist(), strict=True))


def test_openmmlab_validation_stands_at_the_last_training_step() -> None:
    rows = [
        {"env_info": "x", "seed": 0},
        {"mode": "train", "epoch": 1, "iter": 50, "loss": 3.0},
        {"mode": "train", "epoch": 1, "iter": 100, "loss": 2.5},
        {"mode": "val", "epoch": 1, "iter": 17, "bbox_mAP": 0.1},
        {"mode": "train", "epoch": 2, "iter": 50, "loss": 2.0},
    ]
    batch, _ = read("openmmlab-json", "".join(json.dumps(row) + "\n" for row in rows))
    assert points(batch, "loss") == {50: 3.0, 100: 2.5, 150: 2.0}
    assert points(batch, "val/bbox_mAP") == {100: 0.1}


def test_mmengine_validation_counts_epochs_in_its_step() -> None:
    batch, _ = read("openmmlab-json", (DATA / "openmmlab-json" / "scalars.json").read_text())
    assert list(points(batch, "loss")) == list(range(10, 161, 10))
    assert points(batch, "val/accuracy/top1") == {
        40: 80.46875,
        80: 87.5,
        120: 86.71875,
        160: 89.0625,
    }


def test_mmengine_validation_alone_keeps_its_step() -> None:
    row = '{"accuracy/top1": %d.5, "data_time": 0.1, "time": 0.1, "step": %d}\n'
    batch, _ = read("openmmlab-json", row % (1, 3) + row % (2, 4))
    assert points(batch, "accuracy/top1") == {3: 1.5, 4: 2.5}


def test_llama_factory_knows_its_end() -> None:
    row = '{"current_steps": %d, "total_steps": 20, "loss": 2.1, "lr": 5e-05, "percentage": 50.0}\n'
    batch, info = read("llama-factory", row % 10)
    assert points(batch, "loss") == {10: 2.1}
    assert {column.name for column in batch.columns} == {"loss", "lr"}
    assert info.total_steps == 20  # type: ignore[attr-defined]
    assert not info.finished  # type: ignore[attr-defined]
    _, info = read("llama-factory", row % 10 + row % 20)
    assert info.finished  # type: ignore[attr-defined]


def test_fairseq_numbers_are_quoted_and_epoch_means_are_apart() -> None:
    text = (DATA / "fairseq-json" / "train.log").read_text()
    batch, _ = read("fairseq-json", text)
    assert len(points(batch, "loss")) == 40
    assert len(points(batch, "valid_loss")) == 8
    assert points(batch, "train_loss") == {400: 2.55}
    assert batch.times is not None


def test_spacy_losses_by_component() -> None:
    batch, _ = read("spacy-jsonl", (DATA / "spacy-jsonl" / "log.jsonl").read_text())
    assert len(points(batch, "losses/textcat")) == 7
    assert batch.steps[-1] == 120
