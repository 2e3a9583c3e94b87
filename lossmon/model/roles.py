"""What a metric's name means: its role, and which series of a run are judged.

Names differ by framework (`loss`, `train/loss`, `lm loss`, `eval_loss`,
`valid_1's multi_logloss` …) but are made of few words. A name is split into
words, and words decide: a loss word makes it a loss, a split word says which
data it was measured on. Words, not regular expressions, so that nothing can
run away on a hostile name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from lossmon.record import record


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


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Losses proper, what optimizers minimise; these are judged before the measures below.
_LOSS: Final = _words(
    "loss losses nll nloss logloss mlogloss multilogloss multi_logloss binary_logloss "
    "xent xentropy crossentropy cross_entropy ce ppl_loss objective cost tloss vloss "
    "trl tel tvl multiclass multi_class multi_class_one_vs_all celoss bceloss mseloss bce deviance"
)
# Measures that fall as a loss does, and stand in for one where there is none.
_ERROR: Final = _words("bpb bpc perplexity ppl merror rmse mse mae l1 l2 rmsle mape")
_FALLING: Final = _LOSS | _ERROR
# A word too common to be a measure beside others: only as the whole of one. (Kaldi's `objf` is
# maximised, that of its heirs is not.)
ERRORS: Final = _words(
    "error err total_error mean_error average_error avg_error error_rate "
    "objf average_objf avg_objf batch_average_objf"
)
# The two of a game, as DCGAN's first script and its kin call them: `Err_G`, `errD`.
_GAME_ERRORS: Final = _words("err_g err_d errg errd")
# A loss of one of these is a part that need not fall, or a setting: never the loss of the run.
_PART: Final = _words(
    "aux auxiliary entropy kl kld z zloss router balance balancing regularization "
    "commitment commit delta scale scaler weight coef coeff runtime time ratio std num count var"
)
_SPREAD: Final = _words("std stdev stddev")
"""How far a score varies is none: `Std of Reward`."""
# What is lost here is no objective: `stop_loss`, `packet loss`, `path_loss_db`.
LOST: Final = _words("stop packet packets path net insertion hair hearing blood heat return power")
# The loss of the whole model, beside `cls loss` and `reg loss`.
_WHOLE: Final = _words("total overall running train training")
# A player's part of a game: it need not fall, and says less than a reconstruction beside it.
_ADVERSARIAL: Final = _words("disc discriminator d gen generator g adv adversarial gan fm")
_REBUILT: Final = _words("pix pixel rec recon reconstruction l1 l2 mse mel cycle")
# An agent's: a policy's objective moves with the critic that it is measured by, and its
# temperature's with the policy; the critic's error is one.
_AGENT: Final = _words("policy actor pi alpha surrogate")
_PAST: Final = _words("init initial prev previous last best lowest cumulative")
_TRAIN: Final = _words("train training trn tr learn fit")
_TEST: Final = _words("test testing te tst")
_EVAL: Final = _TEST | _words(
    "eval evaluation val valid validate validation dev heldout holdout ev vl vld cv"
)
_NUMBERED: Final = _words("eval val valid validation test")
"""Sets that are numbered: `valid1`."""
_SCORE: Final = _words(
    "acc accuracy accuracies top1 top5 bleu sacrebleu rouge rouge1 rouge2 rougel meteor chrf "
    "f1 auc auroc map ap ap50 miou iou dice precision recall reward rewards rew return returns "
    "ret score scores success winrate pass em exact r2 psnr ssim mcc spearman pearson ndcg mrr "
    "hits acc1 acc5 ap75"
)
_OF_L: Final = _words(
    "g d pix percep perceptual style content gan adv total all rec recon cls feat fft tv edge "
    "ssim identity cycle codebook warp"
)
_TRANSLATED: Final = {
    "学习率": " learning rate ",
    "学習率": " learning rate ",
    "학습률": " learning rate ",
    "损失": " loss ",
    "損失": " loss ",
    "손실": " loss ",
    "训练": " train ",
    "訓練": " train ",
    "学習": " train ",
    "훈련": " train ",
    "학습": " train ",
    "验证": " val ",
    "驗證": " val ",
    "検証": " val ",
    "검증": " val ",
    "测试": " test ",
    "測試": " test ",
    "테스트": " test ",
    "准确率": " accuracy ",
    "精度": " accuracy ",
    "정확도": " accuracy ",
    "轮次": " epoch ",
    "エポック": " epoch ",
    "에폭": " epoch ",
    "에포크": " epoch ",
    "эпоха": " epoch ",
    "потери": " loss ",
    "época": " epoch ",
    "pérdida": " loss ",
    "validación": " val ",
}
"""Words of other scripts and languages that stand for those above."""
_ABROAD: Final = {
    "vali": ("val",),
    "epoche": ("epoch",),
    "verlust": ("loss",),
    "trainingsverlust": ("train", "loss"),
    "validierungsverlust": ("val", "loss"),
    "testverlust": ("test", "loss"),
    "perte": ("loss",),
    "perdita": ("loss",),
    "perda": ("loss",),
}
"""The same of languages that are written in plain letters, a word at a time."""
_DIGITS: Final = "0123456789"
_RUN_TOGETHER: Final = _words(
    "train val valid test dev eval total avg mean cls reg box bbox obj seg mask gen disc rec recon "
    "kl aux ctc att c m"
)
_SECOND_PARTS: Final = ("loss", "acc")
"""`valloss`, `closs`: two words written as one, by their parts."""
_THROUGHPUT: Final = _words("tps throughput tflops mfu fps tgs wps ups")
_RATES: Final = _words("tok_sec tok_s tokens_s it_s samples_s imgs_s img_s")
"""`tok/sec`, `it/s` as words."""
_DECIBELS: Final = ("_db", "_d_b", "_dbm", "_d_bm")
_RATE_ENDS: Final = ("per_second", "per_sec", "per_second_per_gpu", "per_sec_per_gpu")


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
    text = "".join(spaced)
    if not text.isascii():
        for word, english in _TRANSLATED.items():
            text = text.replace(word, english)
    found = text.split()
    if "loss" in text or "acc" in text:
        found = [part for word in found for part in _apart(word)]
    if _ABROAD.keys().isdisjoint(found):
        return tuple(found)
    return tuple(part for word in found for part in _ABROAD.get(word, (word,)))


def _apart(word: str) -> tuple[str, ...]:
    """Return the words that one written together is made of."""
    for second in _SECOND_PARTS:
        if word.endswith(second) and word[: -len(second)] in _RUN_TOGETHER:
            return word[: -len(second)], second
    return (word,)


@lru_cache(maxsize=4096)
def role_of(name: str) -> Role:
    """Return the role that a metric's name suggests, `Role.OTHER` where it suggests none."""
    parts = words(name)
    found = set(parts)
    joined = "_".join(parts)
    if not found:
        return Role.OTHER
    if parts[-1:] == ("epoch",) and not found & _FALLING and not found & _SCORE:
        return Role.EPOCH
    if parts[-1] in ("lr", "lrs") or "learning_rate" in joined or parts[0] == "lr":
        return Role.LEARNING_RATE
    if ("grad" in found or "gradient" in found or "gnorm" in found) and (
        "norm" in found or "gnorm" in found
    ):
        return Role.GRAD_NORM
    if joined in ("gnorm", "norm", "grad_norm", "total_norm"):
        return Role.GRAD_NORM
    if joined.endswith(_RATE_ENDS) or joined in _RATES:
        return Role.THROUGHPUT
    if name.endswith(("/s", "/sec")) and not found & _FALLING:
        return Role.THROUGHPUT
    if found & _THROUGHPUT and not found & _FALLING:
        return Role.THROUGHPUT
    if found & _LOSS and joined.endswith(_DECIBELS):
        return Role.OTHER  # `Loss (dB)`: of a cable
    if not LOST.isdisjoint(parts) and any(a in LOST and b == "loss" for a, b in pairwise(parts)):
        return Role.OTHER
    measure = measure_of(name)
    part = found & (_PART - {"entropy"} if "cross_entropy" in measure else _PART)
    if part and found & _LOSS:
        return Role.OTHER
    # `MulticlassAccuracy`: the last word says what is measured.
    if parts[-1] in _SCORE and not found & ({"loss", "losses"} | _SPREAD):
        return Role.SCORE
    falls = measure in _FALLING or measure in ERRORS or "cross_entropy" in measure
    falls = falls or measure in _GAME_ERRORS
    if found & _FALLING or falls or _is_l(parts):
        evaluated = found & _EVAL or any(part.rstrip(_DIGITS) in _NUMBERED for part in parts)
        return Role.EVAL_LOSS if evaluated else Role.TRAIN_LOSS
    if found & _SCORE and not found & _SPREAD:
        return Role.SCORE
    return Role.OTHER


def _is_l(parts: tuple[str, ...]) -> bool:
    """Say whether a name is one of BasicSR's and its kin's: `l_pix`, `l_g_gan`."""
    return len(parts) > 1 and parts[0] == "l" and parts[1] in _OF_L


@lru_cache(maxsize=4096)
def measure_of(name: str) -> str:
    """Return what is measured, without the data it was measured on: `learn/CrossEntropy`."""
    parts = [part for part in words(name) if part not in _TRAIN and part not in _EVAL]
    measure = "_".join(parts)
    return "cross_entropy" if measure.endswith("cross_entropy") else measure


@record
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
    "actor/pg_loss",
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
    "dev/loss",
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


def is_other_evaluation(name: str, judged: str, roles: RoleMap) -> bool:
    """Say whether a metric is the loss that is judged, measured on other evaluation data.

    `eval_code_loss` beside `eval_loss` is; `eval_mae` is another measure of the
    same data, which may turn earlier or later, and is not judged.
    """
    if name == judged or roles.role(name) is not Role.EVAL_LOSS:
        return False
    return _FALLING.intersection(words(name)) == _FALLING.intersection(words(judged))


def _choose(
    sizes: Mapping[str, int],
    roles: RoleMap,
    role: Role,
    override: str | None,
    order: Sequence[str],
) -> str | None:
    if override is not None and override in sizes:
        return override
    candidates = [name for name in sizes if roles.role(name) is role]
    usual = [words(name) for name in order]
    for name in candidates:
        if words(name) in usual:
            # However it is written: `Loss` of steps goes before `train_loss` of epochs.
            return min(
                candidates, key=lambda other: (_place(words(other), usual), other not in order)
            )
    return min(candidates, key=_unlikeliness, default=None)


def _place(parts: tuple[str, ...], usual: list[tuple[str, ...]]) -> int:
    """Return where a name stands in an order, however it is written (`Train Loss`)."""
    return usual.index(parts) if parts in usual else len(usual)


def _unlikeliness(name: str) -> tuple[bool, bool, bool, int, bool, bool]:
    """Order of names that are not the usual ones; ties keep the order of the log.

    A loss goes before an error measure, one of now before the first, the best, a sum
    and before those of a game of two (so a critic's before its policy's), a loss
    before a cost, which may be one of time, `val_loss` before `val_code_loss`, the
    total before a part of as many words, validation before test.
    """
    parts = words(name)
    proper = not _LOSS.isdisjoint(parts) or measure_of(name) in _LOSS
    past = not _PAST.isdisjoint(parts)
    whole = not _WHOLE.isdisjoint(parts)
    compared = whole or not _REBUILT.isdisjoint(parts)
    game = not compared and not (_ADVERSARIAL | _AGENT).isdisjoint(parts)
    cost = "cost" in parts and "total" not in parts
    return not proper, past or game, cost, len(parts), not whole, not _TEST.isdisjoint(parts)
