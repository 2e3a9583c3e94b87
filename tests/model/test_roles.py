"""Roles of the names that frameworks use, and which series is judged among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.model import Role, RoleMap, choose_judged, role_of

NAMES = {
    Role.TRAIN_LOSS: (
        "loss",
        "Loss",
        "train/loss",
        "train_loss",
        "training_loss",
        "Train Loss",
        "lm loss",
        "total_loss",
        "loss_cls",
        "train_loss_step",
        "train_loss_epoch",
        "loss/train",
        "losses/textcat",
        "train-mlogloss",
        "training's multi_logloss",
        "learn/Logloss",
        "learn/MultiClass",
        "learn/CrossEntropy",
        "cross_entropy_loss",
        "train/binary_cross_entropy",
        "nll_loss",
        "rmse_trn",
        "mse",
        "train/perplexity",
        "LossQ",
        "TRAIN_LOSS",
        "actor/pg_loss",
        "train/value_loss",
        "step_loss",
        "train_bpb",
    ),
    Role.EVAL_LOSS: (
        "eval_loss",
        "eval/loss",
        "eval_code_loss",
        "val_loss",
        "val/loss",
        "Val Loss",
        "valid_loss",
        "valid/loss",
        "validation_loss",
        "validation loss",
        "test_loss",
        "DEV_LOSS",
        "loss/val",
        "loss_test",
        "eval-mlogloss",
        "valid_1's l2",
        "valid_1's multi_logloss",
        "test/RMSE",
        "rmse_val",
        "val_bpb",
        "eval_perplexity",
        "test_loss_ce",
        "validation_metrics/loss",
    ),
    Role.LEARNING_RATE: ("lr", "learning_rate", "train/learning_rate", "LEARNING_RATE", "lr-AdamW"),
    Role.GRAD_NORM: ("grad_norm", "train/grad_norm", "gnorm", "gradient_norm", "total_norm"),
    Role.EPOCH: ("epoch", "train/epoch"),
    Role.THROUGHPUT: (
        "tok/sec",
        "tokens_per_sec",
        "eval_samples_per_second",
        "tokens_per_second_per_gpu",
        "it/s",
        "samples/s",
        "mfu",
        "tps",
        "time/fps",
        "wps",
    ),
    Role.SCORE: (
        "accuracy",
        "val_acc",
        "Acc@1",
        "eval_accuracy",
        "mean_token_accuracy",
        "rewards/margins",
        "rewards/accuracies",
        "rollout/ep_rew_mean",
        "train/return",
        "episode_reward",
        "valid/bleu",
        "DEV_F1",
        "val/bbox_mAP",
        "cats_score",
        "AverageEpRet",
        "learn/MulticlassAccuracy",
    ),
    Role.OTHER: (
        "entropy",
        "train/entropy",
        "entropy_loss",
        "aux_loss",
        "train/aux_loss",
        "z_loss",
        "router_z_loss",
        "kl_loss",
        "loss_scale",
        "train/loss_scale",
        "loss scaler",
        "loss_weight",
        "DeltaLossPi",
        "eval_runtime",
        "train/approx_kl",
        "num_tokens",
        "memory",
        "dt",
        "logps/chosen",
        "lrm",
        "",
        "!!!",
    ),
}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("l_pix", Role.TRAIN_LOSS),
        ("l_g_gan", Role.TRAIN_LOSS),
        ("l_rate", Role.OTHER),
        ("l_max", Role.OTHER),
        ("CrossEntropyWithSoftmax", Role.TRAIN_LOSS),
        ("训练损失", Role.TRAIN_LOSS),
        ("验证loss", Role.EVAL_LOSS),
        ("検証損失", Role.EVAL_LOSS),
        ("학습률", Role.LEARNING_RATE),
        ("准确率", Role.SCORE),
    ],
)
def test_role_of_names_in_other_words(name: str, role: Role) -> None:
    assert role_of(name) is role


@pytest.mark.parametrize(
    ("name", "role"), [(name, role) for role, names in NAMES.items() for name in names]
)
def test_role(name: str, role: Role) -> None:
    assert role_of(name) is role


@given(st.text(max_size=200))
def test_any_name_has_a_role(name: str) -> None:
    assert role_of(name) in Role


def judged(*names: str, roles: RoleMap | None = None) -> tuple[str | None, str | None]:
    return choose_judged(dict.fromkeys(names, 10), roles or RoleMap())


def test_total_goes_before_its_parts() -> None:
    assert judged("loss_cls", "loss_bbox", "loss", "lr") == ("loss", None)
    assert judged("val/loss_cls", "val/loss", "train/loss_ce", "train/loss") == (
        "train/loss",
        "val/loss",
    )


def test_steps_go_before_epoch_means() -> None:
    assert judged("train_loss_epoch", "train_loss_step", "val_loss") == (
        "train_loss_step",
        "val_loss",
    )


def test_each_iteration_goes_before_the_estimate_at_evaluation() -> None:
    assert judged("train_loss", "val_loss", "loss") == ("loss", "val_loss")


def test_loss_goes_before_an_error_measure_whatever_the_order() -> None:
    assert judged("train-merror", "train-mlogloss", "eval-merror", "eval-mlogloss") == (
        "train-mlogloss",
        "eval-mlogloss",
    )
    assert judged("val_bpb", "val_loss") == (None, "val_loss")
    assert judged("train_rmse", "val_rmse") == ("train_rmse", "val_rmse")


def test_validation_goes_before_test() -> None:
    assert judged("test/combined/loss", "validation/combined/loss")[1] == (
        "validation/combined/loss"
    )


def test_several_eval_sets_first_of_the_log() -> None:
    assert judged("eval_code_loss", "eval_prose_loss")[1] == "eval_code_loss"


def test_nothing_to_judge() -> None:
    assert judged("accuracy", "lr", "entropy") == (None, None)


def test_override_wins() -> None:
    roles = RoleMap(train="aux_loss", eval="my metric")
    assert judged("loss", "aux_loss", "my metric", "eval_loss", roles=roles) == (
        "aux_loss",
        "my metric",
    )
    assert judged("loss", roles=RoleMap(train="absent")) == ("loss", None)


def test_the_total_goes_before_its_parts_and_a_reconstruction_before_the_players_losses() -> None:
    assert judged("cls loss", "reg loss", "total loss") == ("total loss", None)
    assert judged("loss_disc", "loss_gen", "loss_fm", "loss_mel", "loss_kl") == ("loss_mel", None)
    assert judged("Loss_D", "Loss_G") == ("Loss_D", None)
    assert judged("trainer/Policy Loss", "trainer/QF1 Loss", "trainer/QF2 Loss")[0] == (
        "trainer/QF1 Loss"
    )
    assert judged("LossPi", "LossV") == ("LossV", None)
    assert judged("trainer/Policy Loss", "expl/Returns Mean")[0] == "trainer/Policy Loss"
    assert judged("actor/pg_loss", "critic/vf_loss")[0] == "actor/pg_loss"
    assert judged("init loss", "avg. loss") == ("avg. loss", None)
    assert judged("Loss/G/loss/num", "Loss/G/loss/mean", "Loss/G/loss/std")[0] == "Loss/G/loss/mean"
    assert role_of("target words/s") is Role.THROUGHPUT
