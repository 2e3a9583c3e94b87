"""RLlib and Ray Tune: `Result for PPO_CartPole-v0_00000:` and what a trial reported, as YAML.

A block ends with an empty line, or where the next one begins. Counters stand among the metrics, so
a block is a row once it is whole; of several trials the first is read. Names are those of the
report without the levels between `info` and the numbers.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Sniff
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.head import Head
from lossmon.model import Role, role_of

_BEGINS: Final = late(r"Result for ([\w.-]{1,120}):?\Z")
_FIELD: Final = late(rf"( {{0,40}})([\w./ -]{{1,80}}):(?: ({NUM})| \S.{{0,400}})?\Z")
_STEPS: Final = ("timesteps_total", "num_env_steps_sampled_lifetime", "training_iteration")
"""What Tune's own charts are drawn over, the first that there is."""
_MEASURED: Final = frozenset((
    Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.SCORE, Role.LEARNING_RATE, Role.GRAD_NORM,
))  # fmt: skip
_KEPT: Final = frozenset(("entropy", "kl", "vf_explained_var", "episode_len_mean"))
_MAX_FIELDS: Final = 2000
"""Lines of one block at most; a longer one is no result."""


class RllibParser(ConsoleParser):
    """A row a result, at the environment's steps."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._trial: str | None = None
        self._open = False
        self._count = 0
        self._fields: dict[str, float] = {}

    def line(self, text: str) -> None:
        # Lines are told apart by how far they are indented, which rank prefixes would hide.
        if not self.record(text):
            self._end_of(text)

    def record(self, text: str) -> bool:
        begins = _BEGINS.match(text.strip()) if "Result for " in text else None
        if begins is not None:
            self._close()
            self._trial = self._trial or begins[1]
            self._open = begins[1] == self._trial
            return True
        if not self._open:
            return False
        found = _FIELD.match(text.rstrip())
        self._count += 1
        if found is None or self._count > _MAX_FIELDS:
            self._close()
            return False
        if found[3] is not None:
            self._fields.setdefault(found[2].strip(), float(found[3]))
        return True

    def _close(self) -> None:
        """Take the block that ended."""
        fields, self._fields = self._fields, {}
        self._open, self._count = False, 0
        step = next((fields[name] for name in _STEPS if name in fields), None)
        if step is None or not 0 <= step < 1e15:
            return
        values = {
            name: value
            for name, value in fields.items()
            if role_of(name) in _MEASURED or name in _KEPT
        }
        if values:
            self.add(values, step, fields.get("training_iteration"))

    def held_back(self) -> None:
        self._close()


class Rllib(ConsoleFormat):
    """Console of Ray Tune with RLlib's algorithms (verbose 2 and 3)."""

    name = "rllib"
    title = "RLlib and Ray Tune results"
    cross_entropy = False
    sample = (
        "Result for PPO_CartPole-v0_00000:\n  episode_reward_mean: 22.5\n  info:\n    learner:\n"
        "      total_loss: 8.86\n  timesteps_total: 4000\n  training_iteration: 1"
    )
    needles = ("Result for ",)
    signature = late(
        r"(?m)^Result for [\w.-]{1,120}:?\n(?:  [^\n]{0,222}\n){0,60}?"
        r"  (?:episode_reward_mean|timesteps_total|training_iteration): "
    )
    parser_class = RllibParser

    def judge(self, head: Head) -> Sniff | None:
        text = head.text
        at = text.find("Result for ")
        if at < 0 or self.signature.match(text, at) is None:
            return None
        return Sniff(self.confidence, f"a block {text[at : text.find(chr(10), at)]!r} with a step")


FORMAT = Rllib()
