"""fairseq: lines of `train_inner`, of an epoch's end (`train`) and of a validation subset.

Three log formats print the same: `simple` (`loss=5.3, nll_loss=4.1, …` and
`| loss 5.3 | nll_loss 4.1 | …`), `json` (numbers quoted) and tqdm's bars. Old
versions have no logger prefix. Losses are in bits unless the criterion says
otherwise, so no unit is claimed.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context
from lossmon.formats.console import NUM, ConsoleFormat, ConsoleParser
from lossmon.formats.pairs import NUMBER, explicit_pairs, to_float

_INNER: Final = late(r"epoch (\d{1,9}):?\s{1,12}(\d{1,12}) / (\d{1,12}) (?=[\w-]{1,60}=)")
_BAR: Final = late(r"epoch (\d{1,9}):\s{0,12}\d{1,3}%\|")
_END: Final = late(r"epoch (\d{1,9}) \| (?:valid on '([^'\n]{1,80})' subset \| )?")
_CELL: Final = late(rf"((?:(?:train|valid) )?[A-Za-z_][\w/-]{{0,80}}) ({NUMBER})\Z")
_SPLIT: Final = late(r"\A(?:train|valid|test)[ _]")
_JSON: Final = late(r'\{"epoch": (\d{1,9}), ')
_JSON_PAIR: Final = late(rf'"([\w/-]{{1,80}})": "?({NUMBER})"?[,}}]')
_STAGE: Final = late(r"\| INFO \| ([\w-]{1,60}) \| ")
_NOT_METRICS: Final = frozenset(
    ("epoch", "num_updates", "update", "wall", "train_wall", "gb_free", "wpb", "bsz")
)
_MAX_ENDS: Final = 4


class FairseqParser(ConsoleParser):
    """Updates (`num_updates`) are the steps; sub-epoch counts only where they are missing.

    Then an epoch's end stands behind its last batch, as soon as a line said how many it has.
    """

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._batches: int | None = None
        self._ends: list[tuple[dict[str, float], str, int]] = []
        """Ends of epochs of which no line has said yet how many batches they have."""

    def record(self, text: str) -> bool:
        if "epoch" not in text:
            if "done training in" in text:
                self.info.finished = True
            return False
        if match := _INNER.search(text):
            pairs = dict(explicit_pairs(text[match.end() :]))
            epoch, update, total = int(match[1]), int(match[2]), int(match[3])
            step = (epoch - 1) * total + update
            if "num_updates" not in pairs:
                self._batches = total
                self.held_back()
            return self._row(pairs, "", epoch, float(step))
        if _BAR.search(text):
            pairs = dict(explicit_pairs(text[text.find("[") :]))
            return "num_updates" in pairs and self._row(pairs, "", None, None)
        if match := _JSON.search(text):
            pairs = {name: to_float(value) for name, value in _JSON_PAIR.findall(text)}
            return self._json(text, pairs, int(match[1]))
        if match := _END.search(text):
            cells = [_CELL.match(cell.strip()) for cell in text[match.end() :].split("|")]
            # Old versions say `valid_loss` or `valid loss` for the subset called valid.
            pairs = {_SPLIT.sub("", cell[1]): to_float(cell[2]) for cell in cells if cell}
            prefix = f"{match[2]}/" if match[2] else "train/"
            return self._end(pairs, prefix, int(match[1]))
        return False

    def _end(self, pairs: dict[str, float], prefix: str, epoch: int) -> bool:
        """Take the means of an epoch, or of its validation."""
        if self._batches is None and "num_updates" not in pairs:
            if len(self._ends) == _MAX_ENDS:
                self.held_back()
            self._ends.append((pairs, prefix, epoch))
            return True
        step = None if self._batches is None else float(epoch * self._batches)
        return self._row(pairs, prefix, epoch, step)

    def held_back(self) -> None:
        ends, self._ends = self._ends, []
        for pairs, prefix, epoch in ends:
            step = None if self._batches is None else float(epoch * self._batches)
            self._row(pairs, prefix, epoch, step)

    def _json(self, text: str, pairs: dict[str, float], epoch: int) -> bool:
        stage = _STAGE.search(text)
        name = stage[1] if stage else ""
        if name in ("", "train_inner"):
            inner = not any(key.startswith(("train_", "valid_")) for key in pairs)
            return inner and self._row(pairs, "", epoch, None)
        bare = {key.removeprefix(f"{name}_"): value for key, value in pairs.items()}
        return self._row(bare, f"{name}/", epoch, None)

    def _row(
        self, pairs: dict[str, float], prefix: str, epoch: int | None, step: float | None
    ) -> bool:
        step = pairs.get("num_updates", step if step is not None else epoch)
        values = {
            prefix + name: value
            for name, value in pairs.items()
            if name not in _NOT_METRICS and not name.startswith("best_")
        }
        if step is None or not abs(step) < 1e15 or not any("loss" in name for name in values):
            return False
        where = pairs.get("update", epoch)
        self.add(values, step, where)
        return True


class Fairseq(ConsoleFormat):
    """Console of fairseq-train and its forks."""

    name = "fairseq"
    title = "fairseq console (simple, json and tqdm)"
    sample = (
        "2022-03-01 10:00:00 | INFO | train_inner | epoch 001:    100 / 1102 loss=9.213,"
        " nll_loss=8.71, ppl=418.7, wps=25113.8, num_updates=100, lr=1.25e-05, gnorm=2.1\n"
        "2022-03-01 10:09:00 | INFO | valid | epoch 001 | valid on 'valid' subset | loss 5.873"
        " | nll_loss 4.513 | ppl 22.83 | num_updates 1101"
    )
    needles = ("num_updates", "| valid on '", ", wps=")
    signature = late(
        rf"epoch \d{{1,9}}(?::[^\n]{{0,80}} loss=| \| [^\n]{{0,60}}loss ){NUM}"
        rf"|\| epoch \d{{1,9}} \s{{0,12}}\d{{1,12}} / \d{{1,12}} loss={NUM} \({NUM}\), wps="
        r"|\| INFO \| (?:train_inner|train|valid[\w-]{0,60}) \| \{\"epoch\": \d"
    )
    parser_class = FairseqParser


FORMAT = Fairseq()
