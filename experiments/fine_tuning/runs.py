"""One fine-tuning of the base model: LoRA or QLoRA, by the Trainer of transformers.

The loss is the mean cross-entropy of the answer's tokens, in nats; the prompt
does not count. At each evaluation the Trainer also logs `eval_score`, the share of
held-out prompts that are answered right, so that `trainer_state.json` holds both.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    BitsAndBytesConfig,
    LlamaForCausalLM,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from experiments.fine_tuning.tasks import (
    END,
    HELD_OUT,
    LONGEST_ANSWER,
    PAD,
    TASKS,
    Example,
    Task,
    decode,
    encode,
)

HELD_OUT_SEED: Final = 0
IGNORED: Final = -100
"""The label of a token that does not count (transformers' convention)."""
_END: Final = encode(END)


@dataclass(frozen=True)
class Setting:
    """What is varied. `examples`: how many there are to train on; `method`: lora or qlora."""

    task: str = "instruct"
    examples: int = 1400
    rate: float = 5e-3
    batch: int = 64
    seed: int = 1
    steps: int = 180
    method: str = "lora"

    @property
    def name(self) -> str:
        """A name for a folder, the same for equal settings."""
        return (
            f"{self.task}-{self.method}-n{self.examples}-lr{self.rate:g}-b{self.batch}"
            f"-t{self.steps}-s{self.seed}"
        )


def _row(example: Example) -> dict[str, list[int]]:
    prompt, answer = encode(example.prompt), encode(example.answer) + _END
    return {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}


def _collate(rows: Sequence[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """Rows filled at their right to the longest; shapes (batch, longest)."""
    longest = max(len(row["input_ids"]) for row in rows)

    def filled(key: str, value: int) -> torch.Tensor:
        return torch.tensor([row[key] + [value] * (longest - len(row[key])) for row in rows])

    numbers = filled("input_ids", PAD)
    return {
        "input_ids": numbers,
        "labels": filled("labels", IGNORED),
        "attention_mask": (numbers != PAD).long(),
    }


def score(model: Any, task: Task, examples: Sequence[Example]) -> float:
    """The share of prompts that the model answers right, by greedy decoding."""
    was_training = model.training
    model.eval()
    prompts = [encode(example.prompt) for example in examples]
    longest = max(map(len, prompts))
    numbers = torch.tensor([[PAD] * (longest - len(prompt)) + prompt for prompt in prompts])
    with torch.no_grad():
        written = model.generate(
            input_ids=numbers,
            attention_mask=(numbers != PAD).long(),
            max_new_tokens=LONGEST_ANSWER,
            do_sample=False,
            eos_token_id=_END[0],
            pad_token_id=PAD,
        )[:, longest:].tolist()
    model.train(was_training)
    return sum(
        task.right(decode(row).partition(END)[0].strip(), example.answer)
        for row, example in zip(written, examples, strict=True)
    ) / len(examples)


class ScoredTrainer(Trainer):  # type: ignore[misc]
    """A Trainer whose evaluations log `eval_score` beside `eval_loss`."""

    def __init__(self, *args: Any, task: Task, held_out: Sequence[Example], **rest: Any) -> None:
        super().__init__(*args, **rest)
        self._task, self._held_out = task, held_out

    def log(self, logs: dict[str, float], *args: Any, **rest: Any) -> None:
        """Log a row; that of an evaluation gets its score."""
        if "eval_loss" in logs:
            logs["eval_score"] = round(score(self.model, self._task, self._held_out), 4)
        super().log(logs, *args, **rest)


@cache
def _loaded(base: Path) -> Any:
    """The base model; reading it takes as long as forty steps of training."""
    return LlamaForCausalLM.from_pretrained(base, dtype=torch.float32)


def adapted(base: Path, method: str, rank: int = 16) -> Any:
    """The base model with LoRA adapters on all its projections, frozen beneath.

    ``qlora`` keeps the frozen weights in 4 bits (nf4, double quantisation; Dettmers
    2023, arXiv:2305.14314). On CPUs with AVX512-BF16 bitsandbytes packs 4-bit weights
    at the first evaluation into a form whose backward pass is lost: adapters below
    them then learn nothing, with a warning as the only sign. So that path is closed.
    """
    if method == "qlora":
        from bitsandbytes.nn import Linear4bit

        quantised = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32,
        )
        model = LlamaForCausalLM.from_pretrained(
            base, quantization_config=quantised, device_map="cpu", dtype=torch.float32
        )
        layers = [module for module in model.modules() if isinstance(module, Linear4bit)]
        if not layers:
            raise RuntimeError("no layer was quantised: this would be LoRA, not QLoRA")
        for layer in layers:
            layer.support_avx512bf16_for_cpu = False
    else:
        model = copy.deepcopy(_loaded(base))
    adapters = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules="all-linear",
    )
    return get_peft_model(model, adapters)


def fine_tune(
    setting: Setting,
    base: Path,
    out: Path,
    *,
    callbacks: Sequence[TrainerCallback] = (),
    evaluations: int = 12,
    checkpoints: bool = False,
    quiet: bool = False,
) -> Path:
    """Train, and return the `trainer_state.json` of the whole run in `out`."""
    task = TASKS[setting.task]
    held_out = task.examples(HELD_OUT, HELD_OUT_SEED)
    asked = frozenset(example.prompt for example in held_out)
    # The seed draws the training examples too: a seed's effect is that of another run by
    # somebody else, not of another shuffle alone.
    training = task.examples(setting.examples, setting.seed, without=asked)
    set_seed(setting.seed)
    random.seed(setting.seed)
    model = adapted(base, setting.method)
    every = max(1, setting.steps // evaluations)
    arguments = TrainingArguments(
        output_dir=str(out),
        max_steps=setting.steps,
        per_device_train_batch_size=setting.batch,
        per_device_eval_batch_size=HELD_OUT,
        learning_rate=setting.rate,
        lr_scheduler_type="cosine",
        warmup_steps=setting.steps // 30,
        weight_decay=0.01,
        logging_steps=max(1, setting.steps // 60),
        eval_strategy="steps",
        eval_steps=every,
        eval_on_start=True,  # the loss and the score before any training
        save_strategy="steps" if checkpoints else "no",
        save_steps=every,
        save_total_limit=3,
        logging_nan_inf_filter=False,  # a NaN shall be seen
        seed=setting.seed,
        report_to=[],
        use_cpu=True,
        disable_tqdm=quiet,
        remove_unused_columns=False,
        label_names=["labels"],
    )
    trainer = ScoredTrainer(
        model=model,
        args=arguments,
        data_collator=_collate,
        train_dataset=[_row(example) for example in training],
        eval_dataset=[_row(example) for example in held_out],
        callbacks=list(callbacks),
        task=task,
        held_out=held_out,
    )
    if quiet:
        from transformers import PrinterCallback

        trainer.remove_callback(PrinterCallback)
    trainer.train()
    trainer.save_state()
    return out / "trainer_state.json"
