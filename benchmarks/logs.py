"""Logs for the benchmarks, as frameworks write them, made once a directory and kept there."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

LINES = 1_000_000
_PIECE = 50_000
TAGS = (b"train/loss", b"eval/loss", b"train/lr", b"train/grad")


def curve(size: int, seed: int = 0) -> np.ndarray:
    """Return a falling loss with noise."""
    noise = np.random.default_rng(seed).normal(0, 0.05, size)
    result: np.ndarray = 1.2 + 3 * np.exp(-np.arange(size) / size * 6) + noise
    return result


def made(path: Path, pieces: Callable[[], Iterator[str]]) -> Path:
    """Write the pieces to `path` unless it is there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".part")
        with unfinished.open("w") as file:
            file.writelines(pieces())
        unfinished.rename(path)
    return path


def _lines(size: int, line: Callable[[int, float, float], str], seed: int = 0) -> Iterator[str]:
    loss = curve(size, seed)
    for start in range(0, size, _PIECE):
        part = loss[start : start + _PIECE].tolist()
        yield "".join(line(start + i, value, value + 0.05) for i, value in enumerate(part))


def jsonl(directory: Path, size: int = LINES, seed: int = 0) -> Path:
    """Five fields a line: step, training and evaluation loss, learning rate, gradient norm."""

    def line(step: int, loss: float, evaluation: float) -> str:
        return (
            f'{{"step": {step}, "loss": {loss:.6f}, "eval_loss": {evaluation:.6f}, '
            f'"lr": {3e-4 * (1 - step / size):.6e}, "grad_norm": {loss * 0.3:.5f}}}\n'
        )

    return made(directory / f"train-{size}-{seed}.jsonl", lambda: _lines(size, line, seed))


def csv(directory: Path, size: int = LINES) -> Path:
    """The same five fields as comma-separated values."""

    def pieces() -> Iterator[str]:
        yield "step,loss,eval_loss,lr,grad_norm\n"
        yield from _lines(
            size,
            lambda step, loss, evaluation: (
                f"{step},{loss:.6f},{evaluation:.6f},{3e-4 * (1 - step / size):.6e},"
                f"{loss * 0.3:.5f}\n"
            ),
        )

    return made(directory / f"train-{size}.csv", pieces)


def hf_console(directory: Path, size: int = LINES) -> Path:
    """What `transformers.Trainer` prints: a dict a line."""

    def line(step: int, loss: float, evaluation: float) -> str:
        return (
            f"{{'loss': {loss:.4f}, 'grad_norm': {loss * 0.3:.6f}, "
            f"'learning_rate': {3e-4 * (1 - step / size):.6e}, 'epoch': {step / 1e4:.4f}}}\n"
        )

    return made(directory / f"hf-{size}.log", lambda: _lines(size, line))


def text(directory: Path, size: int = LINES) -> Path:
    """Lines of a home-made training loop, read by the general reader."""

    def line(step: int, loss: float, evaluation: float) -> str:
        return f"step {step} | loss {loss:.4f} | lr {3e-4 * (1 - step / size):.3e} | 12.3 it/s\n"

    return made(directory / f"text-{size}.log", lambda: _lines(size, line))


# ---- TensorBoard events


def _crc_table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table


def _crc32c(rows: np.ndarray) -> np.ndarray:
    """Return the masked CRC-32C of each row of bytes, shape (n, length) → (n,)."""
    table = _crc_table()
    crc = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    for column in rows.T:
        crc = table[(crc ^ column) & 0xFF] ^ (crc >> 8)
    crc ^= np.uint32(0xFFFFFFFF)
    masked: np.ndarray = ((crc >> 15) | (crc << 17)) + np.uint32(0xA282EAD8)
    return masked


def _records(payloads: np.ndarray) -> np.ndarray:
    """Frame payloads of one length as TFRecords, shape (n, length) → (n, length + 16)."""
    n, length = payloads.shape
    head = np.frombuffer(struct.pack("<Q", length), np.uint8)
    framed = np.empty((n, length + 16), np.uint8)
    framed[:, :8] = head
    framed[:, 8:12] = _crc32c(head[None, :]).astype("<u4").view(np.uint8)
    framed[:, 12 : 12 + length] = payloads
    framed[:, 12 + length :] = _crc32c(payloads).astype("<u4").view(np.uint8).reshape(n, 4)
    return framed


def _bytes_of(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)


def _events(tag: bytes, steps: np.ndarray, values: np.ndarray, width: int) -> np.ndarray:
    """Events of one tag at steps whose varint has `width` bytes, framed, one a row."""
    value = b"\x0a" + bytes([len(tag)]) + tag + b"\x15" + bytes(4)
    summary = b"\x0a" + bytes([len(value)]) + value
    event = b"\x09" + bytes(8) + b"\x10" + bytes(width) + b"\x2a" + bytes([len(summary)]) + summary
    rows = np.tile(np.frombuffer(event, np.uint8), (len(steps), 1))
    rows[:, 1:9] = _bytes_of((1.7e9 + steps).astype("<f8"))
    for place in range(width):
        more = 128 if place < width - 1 else 0
        rows[:, 10 + place] = ((steps >> (7 * place)) & 127) | more
    rows[:, -4:] = _bytes_of(values.astype("<f4"))
    return _records(rows)


def tensorboard(directory: Path, scalars: int = LINES) -> Path:
    """Scalar events of four tags in turn, as `SummaryWriter` writes them (simple_value)."""
    path = directory / f"tb-{scalars}" / "events.out.tfevents.1700000000.host.1.0"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    version = b"\x09" + struct.pack("<d", 1.7e9) + b"\x1a\x0dbrain.Event:2"
    loss = curve(scalars // 4)
    unfinished = path.with_name("part")
    with unfinished.open("wb") as file:
        file.write(_records(np.frombuffer(version, np.uint8)[None, :]).tobytes())
        for width in range(1, 6):
            first = 0 if width == 1 else 1 << (7 * (width - 1))
            steps = np.arange(first, min(1 << (7 * width), scalars // 4))
            if len(steps):
                rows = [
                    _events(tag, steps, loss[steps] * (1 + 0.1 * place), width)
                    for place, tag in enumerate(TAGS)
                ]
                file.write(np.concatenate(rows, axis=1).tobytes())
    unfinished.rename(path)
    return path
