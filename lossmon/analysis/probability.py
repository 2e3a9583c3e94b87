"""What a cross-entropy in nats says in other words: probability and perplexity."""

from __future__ import annotations

import math
from typing import Final

from lossmon.model import Role
from lossmon.model.roles import role_of, words

_NOT_NATS = frozenset(
    ["mse", "mae", "rmse", "l1", "l2", "huber", "bpb", "reward", "policy", "value", "actor",
     "critic", "kl", "merror", "rmsle", "mape", "perplexity", "ppl", "bits", "bbox", "box", "dfl",
     "giou", "mask", "rpn", "adv", "gen", "disc", "d", "g", "diffusion", "dpo",
     "act", "pg", "pi", "losspi", "lossq", "lossv", "qf", "vf", "td", "ppo", "grpo"]
)  # fmt: skip

MAX_START: Final = 20.0
"""Nats above which a first loss is no cross-entropy: ln of a vocabulary is 10 to 13."""


def is_cross_entropy(name: str, start: float | None = None) -> bool:
    """Say whether a loss may be read as a cross-entropy in nats, from its name and first value.

    Names that say otherwise (squared errors, RL losses, bits) are not; a
    negative loss, or one that began above `MAX_START`, is not either.
    """
    if role_of(name) not in (Role.TRAIN_LOSS, Role.EVAL_LOSS):
        return False
    if set(words(name)) & _NOT_NATS:
        return False
    return start is None or 0 <= start <= MAX_START


def probability(loss: float) -> float | None:
    """e^(−loss): the (geometric) mean probability given to the right answer; None below 0."""
    return math.exp(-loss) if loss >= 0 and math.isfinite(loss) else None


def perplexity(loss: float) -> float | None:
    """e^loss: among how many equally likely answers the model hesitates; None if out of range."""
    return math.exp(loss) if 0 <= loss <= 700 else None
