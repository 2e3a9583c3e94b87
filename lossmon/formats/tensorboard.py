"""TensorBoard event files, as TensorFlow, PyTorch, tensorboardX, Keras and CatBoost write them.

A record holds one event: wall time, step, and mostly one tag with one value.
Each record with scalars becomes one row. Text, images, histograms and graphs
are passed over. Every record's length CRC is checked, and the payload CRC of
every record with a scalar: a flipped bit in a loss is a false alarm otherwise
(23 ns a record where many have one layout).

A run is a folder; the folders that `add_scalars`, Keras (`train`,
`validation`) and CatBoost (`learn`, `test`) make inside it are parts of it,
and their names go into the names of the metrics, since the tags are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from lossmon.formats import _crc32c, _event_paths
from lossmon.formats._event_epochs import EpochFill
from lossmon.formats._event_rows import Rows, in_order
from lossmon.formats._events import (
    BoolArray,
    FloatArray,
    IntArray,
    Layout,
    has_layout,
    parse_event,
)
from lossmon.formats._hf_summary import END, PREFIX, SUMMARY
from lossmon.formats._protobuf import WireError
from lossmon.formats._tfrecord import RecordReader, Records, starts_with_record
from lossmon.formats.base import Context, Grouping, Parser, Sniff, StreamFormat
from lossmon.model import Batch, Column, Role, clean_name, clean_text, role_of
from lossmon.model.batch import MAX_SERIES

_MIN_VECTOR: Final = 8  # fewer records of one length are parsed one by one: that is faster then
_MAX_LAYOUTS: Final = 16  # for one length
_MAX_LENGTHS: Final = 256
_MAX_FACTS: Final = 100
_MAX_EPOCH_TAGS: Final = 4

_HF_END: Final = PREFIX + END
_HF_SUMMARY: Final = frozenset(PREFIX + key for key in SUMMARY)
_HF_LOSS: Final = "train/loss"


class TensorBoardParser(Parser):
    """Event records in, one row a record with scalars out."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._reader = RecordReader()
        self._layouts: dict[int, list[Layout]] = {}
        self._ids: dict[bytes, int] = {}
        self._names: list[str] = []
        self._by_name: dict[str, int] = {}
        self._epoch_ids: list[int] = []
        self._folder = PurePosixPath(self.context.part).parent.as_posix().strip("./")
        self._own_bad = 0
        self._only_facts = _event_paths.is_time(self._folder)
        self._ended = False
        # A file beside the training's own may hold one test result, and must show it at once.
        self._epochs = EpochFill(first_waits=not self._folder)
        self._waiting: Rows | None = None

    def feed(self, data: bytes) -> Batch:
        records = self._reader.feed(data)
        parts = self._rows(records) if len(records.starts) else []
        self.bad_records = self._reader.bad_records + self._own_bad + self.refused
        return self._batch(parts) if parts else Batch.empty()

    def finish(self) -> Batch:
        return self._batch([], final=True)

    # ---- records to rows

    def _rows(self, records: Records) -> list[Rows]:
        parts: list[Rows] = []
        single: list[int] = []
        lengths = records.lengths
        order = np.argsort(lengths, kind="stable")
        cuts = np.flatnonzero(np.diff(lengths[order])) + 1
        for index in np.split(order, cuts):
            if len(index) < _MIN_VECTOR:
                single.extend(index.tolist())
            else:
                self._many(records, index, parts, single)
        if single:
            parts.append(self._one_by_one(records, sorted(single)))
        return parts

    def _many(
        self, records: Records, index: IntArray, parts: list[Rows], single: list[int]
    ) -> None:
        """Read records of one length by layout; those of none go to `single`."""
        length = int(records.lengths[index[0]])
        if length == 0:
            return
        starts = records.starts[index]
        block = _gather(records.buffer, starts, length)
        crcs = np.ndarray((len(records.buffer) - 3,), "<u4", records.buffer, 0, (1,))[
            starts + length
        ]
        layouts = self._layouts.get(length, [])
        tried = 0
        while len(index):
            if tried == len(layouts):
                made = self._new_layout(length, block[0].tobytes())
                if made is None:
                    single.append(int(index[0]))
                    index, block, crcs = index[1:], block[1:], crcs[1:]
                    if len(self._layouts.get(length, ())) >= _MAX_LAYOUTS or len(index) < 4:
                        single.extend(index.tolist())
                        return
                    continue
                layouts = made
            layout = layouts[tried]
            tried += 1
            same = layout.matches(block)
            if same.all():
                self._take(layout, index, block, crcs, parts)
                return
            if same.any():
                self._take(layout, index[same], block[same], crcs[same], parts)
                other = ~same
                index, block, crcs = index[other], block[other], crcs[other]

    def _new_layout(self, length: int, sample: bytes) -> list[Layout] | None:
        layouts = self._layouts.get(length)
        if layouts is None:
            if len(self._layouts) >= _MAX_LENGTHS:
                return None
            layouts = []
        if len(layouts) >= _MAX_LAYOUTS:
            return None
        try:
            event = parse_event(sample)
        except WireError:
            return None
        if not has_layout(event):
            return None
        layouts.append(Layout(sample, event))
        self._layouts[length] = layouts
        return layouts

    def _take(
        self,
        layout: Layout,
        index: IntArray,
        block: _crc32c.BytesArray,
        crcs: _crc32c.CrcArray,
        parts: list[Rows],
    ) -> None:
        columns = layout.read(block, crcs)
        steps, walls, values = columns.steps, columns.walls, columns.values
        if not columns.intact.all():
            intact = columns.intact
            self._own_bad += int(np.count_nonzero(~intact))
            index, steps, walls, values = (
                index[intact],
                steps[intact],
                walls[intact],
                values[intact],
            )
        tag = self._tag(layout.tag)
        if tag is None:
            self.refused += len(index)
            return
        parts.append(Rows(index, np.full(len(index), tag), values, steps, walls))

    def _one_by_one(self, records: Records, single: list[int]) -> Rows:
        found: list[int] = []
        tags: list[int] = []
        values: list[float] = []
        steps: list[float] = []
        walls: list[float] = []
        buffer = records.buffer
        starts = records.starts[single].tolist()
        lengths = records.lengths[single].tolist()
        for number, start, length in zip(single, starts, lengths, strict=True):
            payload = buffer[start : start + length]
            try:
                event = parse_event(payload)
            except WireError:
                self._own_bad += 1
                continue
            if not event.scalars:
                continue
            said = int.from_bytes(buffer[start + length : start + length + 4], "little")
            if _crc32c.masked(_crc32c.crc32c(payload)) != said:
                self._own_bad += 1
                continue
            cells: dict[int, float] = {}
            for scalar in event.scalars:
                tag = self._tag(scalar.tag)
                if tag is None:
                    self.refused += 1
                else:
                    cells[tag] = scalar.value
            for tag, value in cells.items():
                found.append(number)
                tags.append(tag)
                values.append(value)
                steps.append(float(event.step))
                walls.append(event.wall)
        return Rows(
            np.array(found, dtype=np.int64),
            np.array(tags, dtype=np.int64),
            np.array(values, dtype=np.float64),
            np.array(steps, dtype=np.float64),
            np.array(walls, dtype=np.float64),
        )

    # ---- names

    def _tag(self, raw: bytes) -> int | None:
        """Return the id of a tag's metric, None if there are too many."""
        known = self._ids.get(raw)
        if known is not None:
            return known
        name = clean_name(_event_paths.metric_name(raw.decode("utf-8", "replace"), self._folder))
        number = self._by_name.get(name)
        if number is None:
            number = len(self._names)
            if number >= MAX_SERIES:
                return None
            self._names.append(name)
            self._by_name[name] = number
            if role_of(name) is Role.EPOCH and len(self._epoch_ids) < _MAX_EPOCH_TAGS:
                self._epoch_ids.append(number)
        if len(self._ids) < 2 * MAX_SERIES:
            self._ids[raw] = number
        return number

    # ---- rows to a batch

    def _batch(self, parts: list[Rows], final: bool = False) -> Batch:
        cells = self._cells(parts)
        if cells is None:
            return Batch.empty()
        first = np.concatenate(([True], cells.records[1:] != cells.records[:-1]))
        rows = np.cumsum(first) - 1
        steps = cells.steps[first]
        said = self._said_epochs(cells, rows, len(steps))
        epochs, ready = self._epochs.fill(steps, said)
        if ready < len(steps):
            waiting = rows >= ready
            if final:
                ready = len(steps)
                if epochs is not None:
                    epochs = np.concatenate((epochs, np.full(ready - len(epochs), np.nan)))
            else:
                self._waiting = cells.select(waiting)
                cells, rows, steps = cells.select(~waiting), rows[~waiting], steps[:ready]
        if ready == 0:
            return Batch.empty()
        walls = cells.walls[first[: len(cells.walls)]]
        return Batch(
            steps,
            self._columns(cells.tags, cells.values, rows, ready),
            epochs,
            np.where((walls > 0) & (walls < 1e11), walls, np.nan),
        )

    def _cells(self, parts: list[Rows]) -> Rows | None:
        """Return the scalars in order, those that waited first; None if there are none."""
        fresh = in_order(parts)
        if fresh is not None:
            keep = self._without_summary(fresh.tags, fresh.values)
            if keep is not None:
                fresh = fresh.select(keep) if keep.any() else None
        if fresh is not None and self._only_facts:
            for tag, value in zip(fresh.tags.tolist(), fresh.values.tolist(), strict=True):
                self._fact(self._names[tag], value)
            return None
        waited, self._waiting = self._waiting, None
        if waited is None:
            return fresh
        # Numbers before those of the records that came with the last bytes.
        waited.records -= waited.records[-1] + 1
        return waited if fresh is None else in_order([waited, fresh])

    def _columns(
        self, tags: IntArray, values: FloatArray, rows: IntArray, count: int
    ) -> tuple[Column, ...]:
        order = np.argsort(tags, kind="stable")
        sorted_tags = tags[order]
        cuts = np.flatnonzero(np.diff(sorted_tags)) + 1
        columns = []
        # In order of appearance, whatever the ids: they depend on how the bytes arrived.
        for index in sorted(np.split(order, cuts), key=lambda index: int(index[0])):
            name = self._names[int(tags[index[0]])]
            whole = len(index) == count
            columns.append(Column(name, values[index], None if whole else rows[index]))
        return tuple(columns)

    def _said_epochs(self, cells: Rows, rows: IntArray, count: int) -> FloatArray | None:
        """Return the epochs of the rows that say one (the epoch is a tag of its own)."""
        epochs = None
        for number in self._epoch_ids:
            here = (cells.tags == number) & np.isfinite(cells.values)
            if here.any():
                if epochs is None:
                    epochs = np.full(count, np.nan)
                epochs[rows[here]] = cells.values[here]
        return epochs

    def _without_summary(self, tags: IntArray, values: FloatArray) -> BoolArray | None:
        """Take the summary that transformers writes at the end of training out of the points."""
        end = self._by_name.get(_HF_END)
        if end is None:
            return None
        since = 0
        if not self._ended:
            ends = np.flatnonzero(tags == end)
            if not len(ends):
                return None
            since = int(ends[0])
            self._ended = True
        summary = [self._by_name[name] for name in _HF_SUMMARY if name in self._by_name]
        after = np.arange(len(tags)) >= since
        gone = after & np.isin(tags, summary)
        for position in np.flatnonzero(gone).tolist():
            self._fact(self._names[int(tags[position])].removeprefix(PREFIX), values[position])
        # A second call of `train` writes on after the first one's end.
        last = max(np.flatnonzero(tags == end), default=-1)
        loss = self._by_name.get(_HF_LOSS, -1)
        if last >= 0:
            self.info.finished = True
        if np.any(tags[int(last) + 1 :] == loss):
            self.info.finished = False
        return ~gone

    def _fact(self, name: str, value: float) -> None:
        if len(self.info.facts) < _MAX_FACTS or name in self.info.facts:
            self.info.facts[name] = clean_text(f"{value:.6g}")


def _gather(buffer: bytes, starts: IntArray, length: int) -> _crc32c.BytesArray:
    """Return the bytes of records of one length, shape (n, length)."""
    places = np.ndarray((len(buffer) - length + 1,), f"V{length}", buffer, 0, (1,))
    return places[starts].view(np.uint8).reshape(-1, length)


class TensorBoardFormat(StreamFormat):
    """TensorBoard event files."""

    name = "tensorboard"
    binary = True
    title = "TensorBoard event files (events.out.tfevents.*)"
    sample = (
        "binary: <length><crc><Event wall_time step {tag: 'train/loss' simple_value: 2.31}><crc>"
    )
    combine = "merge"
    skip_names = ("*.profile-empty",)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        named = "tfevents" in filename.rsplit("/", 1)[-1]
        if starts_with_record(head):
            if named:
                return Sniff(0.99, "named as an event file, and the first record's CRC is right")
            # Event begins with field 1 (wall time, fixed64).
            if head[12:13] == b"\x09":
                return Sniff(0.95, "begins with a record whose CRC is right, holding an event")
            return None
        if named and len(head) < 12:
            return Sniff(0.9, "named as an event file, nothing in it yet")
        if named and b"\0" in head[:64]:
            return Sniff(0.6, "named as an event file; its first record is damaged")
        return None

    def parser(self, context: Context | None = None) -> Parser:
        return TensorBoardParser(context)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        # Event files are never rotated: another one under the name is another log.
        return False

    def group(self, path: PurePosixPath) -> Grouping:
        return _event_paths.group(path)

    def group_all(self, paths: Sequence[PurePosixPath]) -> dict[PurePosixPath, Grouping]:
        return _event_paths.group_all(paths)


FORMAT: Final = TensorBoardFormat()
