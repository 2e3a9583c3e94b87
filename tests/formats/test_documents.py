"""Documents: trainer_state.json, histories, AllenNLP's epochs; whole, broken and cut off."""

from __future__ import annotations

import json
import math
from pathlib import PurePosixPath
from typing import Any

import pytest

from lossmon.formats.base import Context
from lossmon.formats.registry import get, recognise
from lossmon.model import Batch
from tests.formats.contract import DATA, check_batch, new_parser

STATE = DATA / "hf-trainer-state" / "out" / "trainer_state.json"


def read(name: str, document: Any, filename: str = "") -> tuple[Batch, Any]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    parser = new_parser(get(name), Context(filename))
    assert len(parser.feed(raw)) == 0
    batch = parser.finish()
    check_batch(batch)
    return batch, parser


def points(batch: Batch, name: str) -> dict[float, float]:
    column = next(column for column in batch.columns if column.name == name)
    steps = batch.steps if column.rows is None else batch.steps[column.rows]
    return dict(zip(steps.tolist(), column.values.tolist(), strict=True))


class TestTrainerState:
    def test_whole(self) -> None:
        batch, parser = read("hf-trainer-state", STATE.read_bytes())
        assert len(points(batch, "loss")) == 40
        assert len(points(batch, "eval_loss")) == 8
        assert batch.steps[-1] == 400
        assert parser.info.total_steps == 400
        assert parser.info.finished
        assert all(column.name != "train_loss" for column in batch.columns)
        assert parser.bad_records == 0

    def test_half_written_keeps_the_whole_entries(self) -> None:
        data = STATE.read_bytes()
        batch, parser = read("hf-trainer-state", data[: len(data) // 2])
        assert parser.bad_records == 1
        whole, _ = read("hf-trainer-state", data)
        kept = points(batch, "loss")
        assert 10 < len(kept) < 40
        assert kept.items() <= points(whole, "loss").items()
        assert not parser.info.finished

    def test_bare_nan(self) -> None:
        batch, _ = read(
            "hf-trainer-state",
            b'{"global_step": 5, "log_history": [{"step": 5, "loss": NaN, "grad_norm": Infinity}]}',
        )
        assert math.isnan(points(batch, "loss")[5])
        assert points(batch, "grad_norm")[5] == math.inf

    def test_unfinished_with_a_best_checkpoint(self) -> None:
        _, parser = read(
            "hf-trainer-state",
            {
                "best_model_checkpoint": "C:\\runs\\out\\checkpoint-200",
                "global_step": 300,
                "max_steps": 400,
                "num_train_epochs": 3,
                "log_history": [{"step": 300, "loss": 1.0}],
                "a_new_key": {"x": [1]},
            },
        )
        assert parser.info.best_checkpoint == "checkpoint-200"
        assert not parser.info.finished
        assert parser.info.total_epochs == 3

    @pytest.mark.parametrize(
        "document",
        [b"", b"[]", b"{}", b'{"log_history": 3}', b'{"log_history": [1, "x", null, []]}',
         b'{"log_history": [{"step": "x", "loss": true}]}', b"\xff\xfe{", b'{"log_history": ['],
    )  # fmt: skip
    def test_odd_documents_give_no_rows(self, document: bytes) -> None:
        batch, _ = read("hf-trainer-state", document)
        assert len(batch) == 0

    def test_checkpoints_of_a_directory_are_one_run(self) -> None:
        fmt = get("hf-trainer-state")
        paths = [
            PurePosixPath("runs/out/trainer_state.json"),
            PurePosixPath("runs/out/checkpoint-200/trainer_state.json"),
            PurePosixPath("runs/out/checkpoint-400/trainer_state.json"),
        ]
        assert {fmt.group(path).run for path in paths} == {PurePosixPath("runs/out")}
        assert fmt.combine == "longest"

    def test_sft_losses_are_cross_entropies(self) -> None:
        history = [{"step": 1, "loss": 2.0, "mean_token_accuracy": 0.5}]
        _, parser = read("hf-trainer-state", {"log_history": history})
        assert parser.info.loss_unit == "nats"


class TestHistory:
    def test_keras_lists_count_epochs_from_0(self) -> None:
        batch, parser = read("json-history", {"loss": [3, 2, 1], "val_loss": [3.5, 2.5]})
        assert points(batch, "loss") == {0: 3, 1: 2, 2: 1}
        assert points(batch, "val_loss") == {0: 3.5, 1: 2.5}
        assert parser.info.steps_estimated

    def test_a_list_of_epochs_is_used(self) -> None:
        batch, parser = read("json-history", {"epoch": [5, 10], "loss": [3, 2]})
        assert points(batch, "loss") == {5: 3, 10: 2}
        assert not parser.info.steps_estimated

    def test_ludwig_splits(self) -> None:
        document = {"training": {"c": {"loss": [2, 1]}}, "validation": {"c": {"loss": [2.5, 1.5]}}}
        batch, _ = read("json-history", document)
        assert points(batch, "validation/c/loss") == {0: 2.5, 1: 1.5}

    @pytest.mark.parametrize("wrap", [False, True])
    def test_records(self, wrap: bool) -> None:
        # As skorch writes them: the batches of an epoch inside its record.
        epochs = [{"epoch": i, "train_loss": 1 / i, "batches": [{"train_loss": 9}]} for i in (1, 2)]
        document: Any = {"history": epochs} if wrap else epochs
        batch, _ = read("json-history", document)
        assert points(batch, "train_loss") == {1: 1.0, 2: 0.5}
        assert recognise(json.dumps(document).encode(), "history.json")[0][1].name == "json-history"

    def test_cut_off_list_keeps_whole_records(self) -> None:
        batch, parser = read("json-history", b'[{"epoch": 1, "loss": 2.0}, {"epoch": 2, "lo')
        assert points(batch, "loss") == {1: 2.0}
        assert parser.bad_records == 1

    @pytest.mark.parametrize(
        "document",
        [
            {"name": "x", "files": [1, 2, 3], "versions": [1, 2]},
            {"categories": [{"id": 1, "name": "cat"}]},
            [{"id": 1, "score": 0.5, "bbox": [1, 2]}],
            {"cells": [{"source": ["loss = 3"], "execution_count": 1}]},
            [1, 2, 3],
            {"x": [1, 2], "cost_center": [1, 2]},
        ],
    )
    def test_other_documents_are_not_claimed(self, document: Any) -> None:
        claims = recognise(json.dumps(document, indent=1).encode(), "data.json")
        assert not claims, claims


class TestAllenNlp:
    def test_epochs_of_a_directory_are_one_run(self) -> None:
        fmt = get("allennlp-metrics")
        files = sorted((DATA / "allennlp-metrics").glob("*.json"))
        assert len(files) == 4
        assert len({fmt.group(PurePosixPath(path)).run for path in files}) == 1
        steps = []
        for path in files:
            batch, _ = read("allennlp-metrics", path.read_bytes(), path.name)
            assert {column.name for column in batch.columns} >= {"training_loss", "validation_loss"}
            assert not any(column.name.startswith("best") for column in batch.columns)
            steps.extend(batch.steps.tolist())
        assert steps == [0, 1, 2, 3]


class TestCatBoostJson:
    def test_an_open_document_is_read_by_lines(self) -> None:
        data = (DATA / "catboost-json" / "catboost_training.json").read_bytes()
        fmt = get("catboost-json")
        parser = new_parser(fmt, Context("catboost_training.json"))
        batch = parser.feed(data[:2000])
        assert len(batch) > 5
        assert {column.name for column in batch.columns} == {"learn/RMSE", "test/RMSE"}
        assert parser.info.total_steps == 300


class TestOtherShapesOfHistory:
    @pytest.mark.parametrize(
        "document",
        [
            {"loss": {"0": 3.0, "1": 2.0}, "val_loss": {"0": 3.5, "1": 2.5}},
            {"0": {"loss": 3.0, "val_loss": 3.5}, "1": {"loss": 2.0, "val_loss": 2.5}},
            [
                {"epoch": 0, "loss": 3.0, "val_loss": 3.5, "iteration": 0},
                {"epoch": 1, "loss": 2.0, "val_loss": 2.5, "iteration": 1},
            ],
        ],
        ids=["pandas columns", "records by epoch", "records"],
    )
    def test_shape(self, document: Any) -> None:
        for indent in (None, 4):
            raw = json.dumps(document, indent=indent).encode()
            claims = recognise(raw, "log.json")
            assert claims
            assert claims[0][1].name == "json-history"
            batch, _ = read("json-history", raw)
            assert points(batch, "loss") == {0: 3.0, 1: 2.0}
            assert points(batch, "val_loss") == {0: 3.5, 1: 2.5}
