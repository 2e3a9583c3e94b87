"""Pixels of a PNG, without an image library."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def pixels(data: bytes) -> np.ndarray:
    """Decode an 8-bit RGB or RGBA PNG: rows × columns × 3 or 4."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, width, height, depth = 8, b"", 0, 0, 4
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack(">IIBB", content[:10])
            assert bits == 8
            depth = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            body += content
        at += length + 12
    rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, width * depth + 1)
    out = np.zeros((height, width, depth), np.int32)
    for y, row in enumerate(rows):
        filter_, now = row[0], row[1:].reshape(width, depth).astype(np.int32)
        above = out[y - 1] if y else np.zeros((width, depth), np.int32)
        if filter_ == 0:
            out[y] = now
        elif filter_ == 2:
            out[y] = (now + above) & 255
        else:
            left = diagonal = np.zeros(depth, np.int32)
            for x in range(width):
                up = above[x]
                if filter_ == 1:
                    guess = left
                elif filter_ == 3:
                    guess = (left + up) // 2
                else:
                    base = left + up - diagonal
                    a, b, c = abs(base - left), abs(base - up), abs(base - diagonal)
                    guess = np.where((a <= b) & (a <= c), left, np.where(b <= c, up, diagonal))
                left, diagonal = (now[x] + guess) & 255, up
                out[y, x] = left
    return out
