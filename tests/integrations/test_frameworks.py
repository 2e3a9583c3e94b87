"""The callbacks with their real frameworks, where these are installed."""

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
def test_lightning_stops_on_nan(tmp_path: Path) -> None:
    lightning = pytest.importorskip("lightning.pytorch", reason="lightning is not installed")
    import torch

    from lossmon.integrations.lightning import LossmonCallback

    class Broken(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch: Any, index: int) -> Any:
            loss = self.layer(batch).mean() * (float("nan") if index == 20 else 1.0)
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=1e-3)

    callback = LossmonCallback()
    trainer = lightning.Trainer(
        max_epochs=1, callbacks=[callback], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, default_root_dir=tmp_path, accelerator="cpu",
    )  # fmt: skip
    trainer.fit(Broken(), torch.utils.data.DataLoader(torch.randn(100, 4), batch_size=1))
    assert callback.watcher.stops
    assert trainer.global_step < 40


@pytest.mark.filterwarnings("ignore")
def test_keras_stops_on_nan() -> None:
    keras = pytest.importorskip("keras", reason="keras is not installed")
    import numpy as np

    from lossmon.integrations.keras import LossmonCallback

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(1e30), loss="mse")
    inputs = np.random.default_rng(0).normal(size=(64, 4))
    history = model.fit(
        inputs, inputs.sum(axis=1), epochs=50, verbose=0, callbacks=[LossmonCallback()]
    )
    assert len(history.epoch) < 50
