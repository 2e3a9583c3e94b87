"""What the numbers of a line are: a `Layout`, which `general_meaning` makes."""

from __future__ import annotations

from dataclasses import field

from lossmon.record import record


@record(frozen=False)
class Layout:
    """What the numbers of a shape are; each is an index into the line's numbers, or None."""

    metrics: list[tuple[int, str]] = field(default_factory=list)
    epoch: int | None = None
    epoch_total: int | None = None
    step: int | None = None
    step_total: int | None = None
    batchwise: bool = False
    """`step` counts batches, which begin anew in each epoch."""
    over_run: bool = False
    """`step` is named as one over the whole run: `global iter`, `total_train_updates`."""
    plural: bool = False
    """The counter is called `steps` or `epochs`: without a metric beside it, a setting."""
    validating: bool = False
    """`step` counts the batches of an evaluation."""
    rank: int | None = None
    label: int | None = None
    """`0: step 3 …`: the number of a task, if others come with the same step."""
    guessed: bool = False
    """`train=0.41 val=0.53`, `error 0.2`: losses only if they fall."""
    letter: bool = False
    """The only loss is called `L`: much more must speak for it."""
    sums: bool = False
    """The line sums up an evaluation in words that only a framework prints: one is enough."""
    enumerates: bool = False
    """The line is one of several things: `fold 3: loss 0.5`."""
    has_loss: bool = False
    has_score: bool = False

    @property
    def counts(self) -> bool:
        """Whether the line says where training stands."""
        return self.step is not None or self.epoch is not None

    @property
    def used(self) -> list[int]:
        """Indices of the numbers that matter, increasing."""
        found = {index for index, _ in self.metrics}
        places = (self.epoch, self.epoch_total, self.step, self.step_total, self.rank, self.label)
        found.update(place for place in places if place is not None)
        return sorted(found)
