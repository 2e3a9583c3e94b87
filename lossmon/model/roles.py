"""What a metric's name means: its role, and which series of a run are judged.

Names differ by framework (`loss`, `train/loss`, `lm loss`, `eval_loss`,
`valid_1's multi_logloss` …) but are made of few words. A name is split into
words, and words decide: a loss word makes it a loss, a split word says which
data it was measured on. Words, not regular expressions, so that nothing can
run away on a hostile name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Role(StrEnum):
    """What a series means; the values are those of the report's contract."""

    TRAIN_LOSS = "train_loss"
    EVAL_LOSS = "eval_loss"
    LEARNING_RATE = "learning_rate"
    GRAD_NORM = "grad_norm"
    EPOCH = "epoch"
    THROUGHPUT = "throughput"
    SCORE = "score"
    OTHER = "other"


_LOSS: Final = frozenset(
    ["loss", "losses", "nll", "nloss", "logloss", "mlogloss", "multilogloss", "xent", "xentropy", "crossentropy", "ce", "ppl_loss", "objective", "cost", "tloss", "vloss", "trl", "tel", "tvl", "bpb", "merror", "rmse", "mse", "mae", "l1", "l2", "rmsle", "mape", "multiclass", "multi_class", "multi_class_one_vs_all", "multi_logloss", "binary_logloss", "cross_entropy", "perplexity"]
)
_TRAIN: Final = frozenset(["train", "training", "trn", "tr", "learn", "fit"])
_EVAL: Final = frozenset(
    ["eval", "evaluation", "val", "valid", "validation", "test", "testing", "dev", "heldout", "holdout", "ev", "vl"]
)
_SCORE: Final = frozenset(
    ["acc", "accuracy", "top1", "top5", "bleu", "sacrebleu", "rouge", "rouge1", "rouge2", "rougel", "meteor", "chrf", "f1", "auc", "auroc", "map", "ap", "ap50", "miou", "iou", "dice", "precision", "recall", "reward", "rewards", "rew", "return", "returns", "score", "scores", "success", "winrate", "pass", "em", "exact", "r2", "psnr", "ssim", "mcc", "spearman", "pearson", "ndcg", "mrr", "hits"]
)
_THROUGHPUT: Final = frozenset(
    ["tps", "tokens_per_sec", "samples_per_second", "steps_per_second", "throughput", "fps", "mfu", "tflops", "tgs", "samples/s", "it/s", "tok/sec"]
)


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """Split a metric name into lower-case words at punctuation, blanks, case and digits' ends."""
    spaced = []
    previous = ""
    for char in name:
        if not char.isalnum():
            spaced.append(" ")
        else:
            if char.isupper() and previous.islower():
                spaced.append(" ")
            spaced.append(char.lower())
        previous = char
    return tuple("".join(spaced).split())


@lru_cache(maxsize=4096)
def role_of(name: str) -> Role:
    """Return the role that a metric's name suggests, `Role.OTHER` where it suggests none."""
    parts = words(name)
    found = set(parts)
    joined = "_".join(parts)
    if not found:
        return Role.OTHER
    if parts[-1:] == ("epoch",) and not found & _LOSS and not found & _SCORE:
        return Role.EPOCH
    if parts[-1] in ("lr", "lrs") or "learning_rate" in joined or parts[0] == "lr":
        return Role.LEARNING_RATE
    if ("grad" in found or "gradient" in found or "gnorm" in found) and (
        "norm" in found or "gnorm" in found
    ):
        return Role.GRAD_NORM
    if joined in ("gnorm", "norm", "grad_norm", "total_norm"):
        return Role.GRAD_NORM
    if joined.endswith("per_second") or joined.endswith("per_sec") or joined in _THROUGHPUT:
        return Role.THROUGHPUT
    if found & {"tps", "throughput", "tflops", "mfu", "fps"} and not found & _LOSS:
        return Role.THROUGHPUT
    if found & {"scale", "scaler", "weight", "runtime", "time", "ratio"} and "loss" in found:
        return Role.OTHER
    # `learn/CrossEntropy`: what is measured, without the data it was measured on.
    measure = "_".join(part for part in parts if part not in _TRAIN and part not in _EVAL)
    if found & _LOSS or joined in _LOSS or measure in _LOSS:
        if found & _EVAL:
            return Role.EVAL_LOSS
        return Role.TRAIN_LOSS
    if found & _SCORE:
        return Role.SCORE
    return Role.OTHER


@dataclass(frozen=True, slots=True)
class RoleMap:
    """Roles with the user's overrides: `--train NAME` and `--eval NAME` win over the name."""

    train: str | None = None
    eval: str | None = None
    extra: Mapping[str, Role] = field(default_factory=dict)

    def role(self, name: str) -> Role:
        """Return the role of a metric."""
        if name == self.train:
            return Role.TRAIN_LOSS
        if name == self.eval:
            return Role.EVAL_LOSS
        return self.extra.get(name) or role_of(name)


# The total first: parts of a loss (`loss_cls`, `train/aux_loss`) are judged only alone.
_TRAIN_ORDER: Final = (
    "loss",
    "train/loss",
    "train_loss",
    "training_loss",
    "lm loss",
    "train/total_loss",
    "total_loss",
    "loss/train",
    "train_loss_step",
    "loss_step",
    "train_loss_epoch",
)
_EVAL_ORDER: Final = (
    "eval_loss",
    "eval/loss",
    "val_loss",
    "val/loss",
    "valid_loss",
    "valid/loss",
    "validation_loss",
    "validation/loss",
    "dev_loss",
    "loss/val",
    "test_loss",
    "test/loss",
)


def choose_judged(sizes: Mapping[str, int], roles: RoleMap) -> tuple[str | None, str | None]:
    """Return the names of the series to judge as train and as eval loss (None: there is none).

    `sizes` maps each metric of the run to its number of points, in order of
    appearance. An override wins; then the usual names of a total loss; then
    the shortest name, so that `loss` goes before `loss_bbox`.
    """
    train = _choose(sizes, roles, Role.TRAIN_LOSS, roles.train, _TRAIN_ORDER)
    return train, _choose(sizes, roles, Role.EVAL_LOSS, roles.eval, _EVAL_ORDER)


def _choose(
    sizes: Mapping[str, int],
    roles: RoleMap,
    role: Role,
    override: str | None,
    order: Iterable[str],
) -> str | None:
    if override is not None and override in sizes:
        return override
    candidates = [name for name in sizes if roles.role(name) is role]
    for name in order:
        if name in candidates:
            return name
    # Words rather than characters: `val_loss` goes before `val_code_loss`; ties keep log order.
    return min(candidates, key=lambda name: len(words(name)), default=None)
