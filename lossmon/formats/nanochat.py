"""nanochat: `step 00010/00200 (5.00%) | loss: …` and `Step 00010 | Validation bpb: …`.

The loss of the base training is an exponential mean of the batches' losses,
and evaluation is in bits per byte: two units, two series. The fine-tuning
scripts print `Training loss` and `Validation loss` in the same way.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser, number

_LINE: Final = late(
    rf"(?<![\w.])[Ss]tep (\d{{1,9}})(?:/(\d{{1,9}}))?(?: \({NUM}%\))? ?\|(?=[^|]{{1,60}}:)"
)
_FIELD: Final = late(r"\s{0,4}([A-Za-z][\w/ ()-]{0,40}?): ([-+\d.,eE]{1,40}|(?i:nan|inf))")
_NAMES: Final = {
    "Training loss": "train_loss",
    "Validation loss": "val_loss",
    "Validation bpb": "val_bpb",
    "Train bpb": "train_bpb",
    "CORE metric": "core_metric",
    "ChatCORE": "chatcore_metric",
    "Average reward": "reward",
    "dt": "dt_ms",
    "total time": "total_time_min",
}
_LEFT_OUT: Final = frozenset({"eta"})


class NanochatParser(ConsoleParser):
    """Lines of fields between bars, with the step first."""

    def record(self, text: str) -> bool:
        if "tep " not in text:
            return False
        match = _LINE.search(text)
        if match is None:
            return False
        values: dict[str, float] = {}
        epoch = None
        for field in text[match.end() :][:2000].split("|"):
            found = _FIELD.match(field)
            value = number(found[2]) if found else None
            if found is None or value is None or found[1] in _LEFT_OUT:
                continue
            if found[1] == "epoch":
                epoch = value
            else:
                values[_NAMES.get(found[1], found[1])] = value
        if not values:
            return False
        if match[2]:
            self.info.total_steps = float(match[2])
        self.info.loss_unit = "nats"
        step = float(match[1])
        self.add(values, step, epoch)
        if self.info.total_steps is not None and step >= self.info.total_steps:
            self.info.finished = True
        return True


class Nanochat(ConsoleFormat):
    """Console of karpathy/nanochat's training scripts."""

    name = "nanochat"
    title = "nanochat console"
    sample = (
        "step 00010/00200 (5.00%) | loss: 5.346383 | lrm: 0.55 | dt: 18.69ms | tok/sec: 13,697 |"
        " mfu: 0.01 | total time: 0.01m\nStep 00050 | Validation bpb: 4.108821"
    )
    needles = ("tep 0",)
    signature = late(
        rf"(?<![\w\"'`])(?:step \d{{5,9}}/\d{{5,9}} \({NUM}%\) \| loss: {NUM}"
        rf"|Step \d{{5,9}}(?:/\d{{5,9}})? \| (?:Validation|Training|CORE|ChatCORE|Average)"
        rf" ?[\w ]{{0,20}}: {NUM})"
    )
    parser_class = NanochatParser


FORMAT = Nanochat()
