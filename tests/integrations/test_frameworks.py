"""The callbacks with their real frameworks, where these are installed.

`pip install -e '.[dev,frameworks]'` and KERAS_BACKEND=torch run all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.filterwarnings("ignore")
def test_hf_trainer_stops_when_it_diverges_and_keeps_the_best(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    from lossmon.integrations.hf import LossmonCallback

    class Line(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(4))

        def forward(self, x: Any, y: Any) -> dict[str, Any]:
            return {"loss": ((x @ self.weight - y) ** 2).mean()}

    torch.manual_seed(1)
    truth = torch.tensor([1.0, -2.0, 0.5, 3.0])
    inputs = torch.randn(512, 4)
    rows = [{"x": x, "y": x @ truth + 0.1 * torch.randn(())} for x in inputs]

    def train(rate: float, directory: str) -> Any:
        arguments = transformers.TrainingArguments(
            output_dir=str(tmp_path / directory),
            max_steps=300,
            learning_rate=rate,
            optim="sgd",
            lr_scheduler_type="constant",
            max_grad_norm=0.0,
            logging_steps=1,
            eval_strategy="steps",
            eval_steps=50,
            save_strategy="steps",
            save_steps=100,
            save_total_limit=1,
            logging_nan_inf_filter=False,
            report_to=[],
            label_names=["y"],
            disable_tqdm=True,
            use_cpu=True,
        )
        callback = LossmonCallback()
        trainer = transformers.Trainer(
            Line(), arguments, train_dataset=rows, eval_dataset=rows[:64], callbacks=[callback]
        )
        trainer.train()
        return trainer, callback

    trainer, callback = train(0.02, "good")
    assert trainer.state.global_step == 300
    assert not callback.watcher.stops
    best = Path(trainer.state.best_model_checkpoint)
    assert best.is_dir()

    trainer, callback = train(5.0, "bad")
    assert trainer.state.global_step < 300
    assert callback.watcher.reason.kind in ("divergence", "nonfinite")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("breaks_at", "ends"), [(None, 100), (20, 21)])
def test_lightning_stops_on_nan_and_only_then(
    tmp_path: Path, breaks_at: int | None, ends: int
) -> None:
    lightning = pytest.importorskip("lightning.pytorch", reason="lightning is not installed")
    import torch

    from lossmon.integrations.lightning import LossmonCallback

    class Line(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch: Any, index: int) -> Any:
            loss = ((self.layer(batch) - batch.sum(1, keepdim=True)) ** 2).mean()
            if index == breaks_at:
                loss = loss * float("nan")
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", ((self.layer(batch) - batch.sum(1, keepdim=True)) ** 2).mean())

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=1e-2)

    torch.manual_seed(1)
    rows = torch.utils.data.DataLoader(torch.randn(400, 4), batch_size=4)
    callback = LossmonCallback()
    trainer = lightning.Trainer(
        max_epochs=1, callbacks=[callback], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, default_root_dir=tmp_path, accelerator="cpu",
        val_check_interval=10,
    )  # fmt: skip
    trainer.fit(Line(), rows, rows)
    assert trainer.global_step == ends
    judged = callback.watcher.analyzer
    if breaks_at is None:
        assert not callback.watcher.stops
        assert judged.verdict.evidence["points"] == 100
        assert judged.verdict.evidence["evaluations"] == 10
    else:
        assert callback.watcher.reason is not None
        assert callback.watcher.reason.step == 21


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("rate", "stops"), [(0.05, False), (1e30, True)])
def test_keras_stops_on_nan_and_only_then(rate: float, stops: bool) -> None:
    keras = pytest.importorskip("keras", reason="keras is not installed")
    import numpy as np

    from lossmon.integrations.keras import LossmonCallback

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    inputs = np.random.default_rng(0).normal(size=(64, 4))
    callback = LossmonCallback()
    history = model.fit(
        inputs, inputs.sum(axis=1), validation_split=0.25, epochs=50, verbose=0,
        callbacks=[callback],
    )  # fmt: skip
    assert (len(history.epoch) < 50) is stops
    assert callback.watcher.stops is stops
    names = {event.series for event in callback.watcher.analyzer.events}
    assert names <= {"loss", "val_loss", None}
