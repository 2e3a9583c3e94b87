"""What formats there are, known without imports; `python -m lossmon.formats` writes it.

A start needs a few of a hundred modules. A module that is not listed here (a
new one) is imported and asked, so that an index that was not written anew
costs time, never a format. `tests/formats/test_index.py` holds it to the truth.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """One module: the names of its formats, and when they need not be asked."""

    names: tuple[str, ...] = ()
    needles: tuple[str, ...] | None = None
    """Texts of which one must stand in a head for any of them to claim it; None: unknown."""
    tables: bool = False
    """Whether all of them are databases, which no head of bytes is."""
    binary: bool = False
    """Whether all of them have a NUL among the first 64 bytes."""
    last_resort: bool | None = False
    """Whether all of them are readers of no trainer in particular; None: some are."""


INDEX: Final[dict[str, Entry]] = {
    "aim": Entry(("aim",), tables=True),
    "allennlp": Entry(("allennlp",), ("Training |",)),
    "allennlp_metrics": Entry(("allennlp-metrics",), ('"training_',)),
    "axis": Entry(),
    "bars": Entry(),
    "box_tables": Entry(
        ("stable-baselines3", "spinning-up", "baselines-table"),
        (
            "| time/ ",
            "| train/ ",
            "| rollout/ ",
            "| eval/ ",
            "TotalEnvInteracts |",
            "AverageEpRet |",
            "---\n| ",
        ),
    ),
    "build_nanogpt": Entry(
        ("build-nanogpt", "build-nanogpt-log"), (" | loss: ", " train ", " val ")
    ),
    "caffe": Entry(("caffe",), ("] Iteration ",)),
    "catboost": Entry(("catboost",), ("learn: ", "test: ")),
    "catboost_info": Entry(("catboost-json", "catboost-tsv"), ('"learn_metrics"', "iter")),
    "columns": Entry(("deepxde", "step-loss")),
    "composer_console": Entry(("composer-console",), ("[epoch=", "[batch=", "[Eval batch=")),
    "console": Entry(),
    "cyclegan": Entry(("cyclegan",), ("(epoch: ",)),
    "darknet": Entry(("darknet",), (" rate, ",)),
    "deepmd": Entry(("deepmd",), ("rmse",)),
    "deepspeed": Entry(("deepspeed",), ("steps: ", "***** Evaluating ", "act_loss: ")),
    "deepxde_console": Entry(("deepxde-console",), ("Train loss ",)),
    "delimited": Entry(("csv",)),
    "detectron2": Entry(("detectron2",), (" iter: ",)),
    "detectron2_json": Entry(("detectron2-json",), ("iteration",)),
    "detr_json": Entry(("detr-json",), ("train_lr",)),
    "dvclive": Entry(("dvclive",)),
    "epoch_tables": Entry(("fastai", "skorch"), ("train_loss  ", "  dur")),
    "fairseq": Entry(("fairseq",), ("num_updates",)),
    "fairseq_json": Entry(("fairseq-json",), ('num_updates": "',)),
    "fields": Entry(),
    "flair": Entry(("flair",), (" - iter ", " done: loss ")),
    "general": Entry(("text",), last_resort=True),
    "general_head": Entry(),
    "general_layout": Entry(),
    "general_names": Entry(),
    "general_shape": Entry(),
    "general_track": Entry(),
    "head": Entry(),
    "hf_console": Entry(("hf-trainer-console",), ("'epoch':",)),
    "hf_lines": Entry(),
    "imagenet_example": Entry(("imagenet-example",), ("Epoch: [",)),
    "joeynmt": Entry(
        ("joeynmt",), ("Batch Loss: ", "\tLoss: ", "\tloss: ", "Hello! This is Joey-NMT")
    ),
    "json_document": Entry(),
    "json_history": Entry(("json-history",)),
    "json_lines": Entry(),
    "json_text": Entry(),
    "jsonl": Entry(("jsonl",)),
    "kaldi": Entry(("kaldi",), ("AVG.LOSS", "Average objective function")),
    "keras_console": Entry(
        ("keras-console",), ("/step - ", "s - loss: ", "] - ETA:", "] - ", "s/epoch")
    ),
    "keras_csv": Entry(("keras-csv",), ("epoch",)),
    "lightgbm": Entry(("lightgbm",), ("]\t", "Iteration:")),
    "lightning_console": Entry(("lightning-console",), ("Epoch ",)),
    "lightning_csv": Entry(("lightning-csv",), ("epoch",)),
    "litgpt": Entry(("litgpt",), ("| loss train: ", ", iter time: ")),
    "llama2c": Entry(("llama2c",), (" | loss ",)),
    "llama_factory": Entry(("llama-factory",), ("total_steps",)),
    "llama_factory_console": Entry(("llama-factory-console",), ("'epoch':", "total_steps: ")),
    "llmc": Entry(("llmc-main-log", "llmc-console"), (" trl:", " tel:", " loss ")),
    "loss_column": Entry(("loss-column",)),
    "marian": Entry(("marian",), (" : Up. ",)),
    "megatron": Entry(("megatron", "gpt-neox"), ("iteration ", "samples/sec: ")),
    "metric_logger": Entry(("metric-logger",), ("]  eta: ", "] eta: ")),
    "mlflow_files": Entry(("mlflow-files",)),
    "mlflow_sqlite": Entry(("mlflow-sqlite",), tables=True),
    "mlperf": Entry(("mlperf",), (":::ML", "MLPerf: ")),
    "mlx_lm": Entry(("mlx-lm",), ("Iter ", "train_loss     tok/s")),
    "mmengine": Entry(("mmengine",), ("Epoch [", "Epoch(", "Iter [", "Iter(")),
    "mnist_example": Entry(("mnist-example",), ("Train Epoch: ",)),
    "modded_nanogpt": Entry(("modded-nanogpt", "parameter-golf"), ("step:", "val_bpb:")),
    "nanochat": Entry(("nanochat",), ("tep 0",)),
    "nanogpt": Entry(("nanogpt",), (": loss ", ": train loss ")),
    "openmmlab_json": Entry(("openmmlab-json",), ("iter", "env_info")),
    "opennmt": Entry(("opennmt",), ("; acc: ", "; ppl: ", "Start training loop ")),
    "paddle": Entry(
        ("paddle",),
        (
            "ppdet",
            "ppcls",
            "ppocr",
            "[TRAIN]",
            "global step ",
            "[Train][Epoch ",
            "global_step: ",
            " - loss: ",
        ),
    ),
    "pairs": Entry(),
    "pattern": Entry(),
    "records": Entry(),
    "spacy_jsonl": Entry(("spacy-jsonl",), ("losses",)),
    "spacy_table": Entry(("spacy",), ("LOSS ",)),
    "stable_baselines3": Entry(
        ("sb3-csv", "sb3-json", "sb3-monitor"), ("time/total_timesteps", "t_start")
    ),
    "stand_ins": Entry(),
    "table_text": Entry(),
    "tensorboard": Entry(("tensorboard",), binary=True),
    "tensorboard_csv": Entry(("tensorboard-csv",), ("Wall time,Step,Value",)),
    "text_tables": Entry(("text-table",), last_resort=True),
    "torchtitan": Entry(("torchtitan",), ("grad_norm:", "memory:")),
    "torchtune": Entry(("torchtune",), ("Step ", "|Loss: ")),
    "tqdm_console": Entry(
        ("accelerate-console", "tqdm"),
        ("Steps: ", "loss=", "loss: ", "Loss=", "Loss: ", "loss ", "LOSS"),
    ),
    "trackio": Entry(("trackio",), tables=True),
    "trainer_state": Entry(("hf-trainer-state",), ('"log_history"', '"global_step"')),
    "ultralytics": Entry(("ultralytics",), ("GPU_mem ", "gpu_mem ")),
    "unnamed_loss": Entry(("unnamed-loss",), ("/ ", "s (- ", "% (", "][#"), last_resort=True),
    "verl": Entry(
        ("verl",), ("step:", "Using LocalLogger is deprecated. The constructor API will change")
    ),
    "vits": Entry(("vits",), ("], step: ", "Train Epoch: ", "loss_disc=")),
    "wandb": Entry(("wandb",), binary=True),
    "xgboost": Entry(("xgboost",), ("]\t",)),
    "yolo_results": Entry(("yolo-results",), ("G ",)),
}
