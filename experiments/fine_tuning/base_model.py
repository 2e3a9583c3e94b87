"""The base model: a Llama of a tenth of a million weights, trained here once on made-up text.

No weights are fetched. The architecture is that of transformers, so that peft and
bitsandbytes treat it as they treat a large one.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Final

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from experiments.fine_tuning.tasks import PAD, VOCABULARY, encode, pretraining_text

STEPS: Final = 2000
BATCH: Final = 32
LENGTH: Final = 28
"""Tokens of a row of the base model's text."""
RATE: Final = 3e-3
SEED: Final = 1


def configuration() -> LlamaConfig:
    """Two layers of width 64 with rotary positions; tied embeddings."""
    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=2 * LENGTH,
        tie_word_embeddings=True,
        pad_token_id=PAD,
        bos_token_id=None,
        eos_token_id=None,
    )


def _rows(count: int, source: random.Random) -> torch.Tensor:
    """Rows of `LENGTH` tokens, each filled with lines; shape (count, LENGTH)."""
    rows = []
    for _ in range(count):
        row: list[int] = []
        while len(row) < LENGTH:
            row += encode(pretraining_text(source))
        rows.append(row[:LENGTH])
    return torch.tensor(rows)


def train_base(steps: int = STEPS) -> Any:
    """Train the base model; the same on every call on one machine."""
    torch.manual_seed(SEED)
    source = random.Random(SEED)
    model = LlamaForCausalLM(configuration())
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for step in range(1, steps + 1):
        rows = _rows(BATCH, source)
        loss = model(input_ids=rows, labels=rows).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"base model: step {step}/{steps} loss {loss.item():.4f}", flush=True)
    return model


def base_model(folder: Path) -> Path:
    """The folder of the base model, which is trained into it where it is not there yet."""
    if not (folder / "config.json").exists():
        train_base().save_pretrained(folder)
    return folder
