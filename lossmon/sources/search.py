"""`DirectorySearch`: the files below a directory that may be training logs.

Bounded in depth and number, blind to what cannot be a log (hidden folders,
environments, weights, code, pictures), safe against symbolic links in a
circle. A second search looks only into directories whose time has changed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Container, Iterator
from typing import Final

from lossmon.record import record
from lossmon.sources.freshness import SecondLook

MAX_DEPTH: Final = 12
MAX_ENTRIES: Final = 50_000
"""Entries of directories looked at in one search: about a quarter of a second."""

_SKIPPED_DIRECTORIES: Final = frozenset(
    {"node_modules", "site-packages", "dist-packages", "__pycache__", "venv", "virtualenv", "proc"}
)
_WEIGHTS: Final = (
    "pt pth bin safetensors ckpt gguf ggml onnx tflite pb h5 hdf5 keras npy npz distcp"
)
_DATA: Final = "parquet arrow feather tfrecord tfrecords lmdb mdb tar tgz zip 7z bz2 xz zst rar whl"
_MEDIA: Final = "png jpg jpeg gif bmp svg webp mp3 mp4 wav flac avi mov pdf ttf woff woff2 ico"
_CODE: Final = (
    "py pyc pyd pyi so o a c cc cpp h hpp cu js ts css html htm md rst sh ipynb java rs go"
)
_OTHER: Final = "pkl pickle joblib model vocab spm lock pid swp tmp part yaml yml toml cfg ini"
_SKIPPED_SUFFIXES: Final = frozenset(" ".join((_WEIGHTS, _DATA, _MEDIA, _CODE, _OTHER)).split())
_KEPT_NAMES: Final = frozenset(
    {"meta.yaml"}  # MLflow's file store: a run's name and status
    | {
        f"{name}.{suffix}"
        for name in ("history", "metrics", "losses")
        for suffix in ("yaml", "yml")
    }
)
_KEPT_WORD: Final = "tfevents"  # event files end in the host's name, which may be `node.c`
_HIDDEN_FILES: Final = {".aim": "run_metadata.sqlite"}
"""What is looked at in a hidden folder: an Aim repository's list of runs."""
_ROTATED: Final = re.compile(r"(.+?)(?:\.\d{1,4}|-\d{8}(?:-?\d{1,10})?)(?:\.gz)?")


@record
class FoundFile:
    """A regular file: where, which, how long, when written (seconds since 1970)."""

    path: str
    identity: tuple[int, int]
    size: int
    modified: float
    linked: bool
    """Reached through a symbolic link."""


def may_be_log(name: str) -> bool:
    """Say from its name whether a file may be a log: its content decides later."""
    if name.startswith(".") or name.endswith("~"):
        return False
    if name in _KEPT_NAMES or _KEPT_WORD in name:
        return True
    stem = name[:-3] if name.endswith(".gz") else name
    _, dot, suffix = stem.rpartition(".")
    return not (dot and suffix.lower() in _SKIPPED_SUFFIXES)


def is_rotated_part(name: str, names: Container[str]) -> bool:
    """Whether `name` is an older part of another one of `names`, moved away by logrotate."""
    match = _ROTATED.fullmatch(name)
    return match is not None and match[1] in names


@record(frozen=False)
class _Listing:
    look: SecondLook
    files: list[str]
    directories: list[str]


class DirectorySearch:
    """Finds files below `root`, again and again."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.cut_short = False
        """Whether the last search ended at a bound."""
        self._listings: dict[str, _Listing] = {}

    @property
    def directories(self) -> list[str]:
        """Directories that the last search went through."""
        return list(self._listings)

    def files(self) -> Iterator[FoundFile]:
        """Yield the files that are there now, in no order."""
        self.cut_short = False
        known, self._listings = self._listings, {}
        seen: set[tuple[int, int]] = set()
        waiting = [(self.root, 0, False)]
        entries = 0
        while waiting:
            directory, depth, linked = waiting.pop()
            try:
                status = os.stat(directory)
            except OSError:
                continue
            identity = (status.st_dev, status.st_ino)
            if identity in seen:  # a link that leads back up, or to a sibling
                continue
            seen.add(identity)
            listing = self._list(directory, status, known.get(directory))
            if listing is None:
                continue
            self._listings[directory] = listing
            entries += len(listing.files) + len(listing.directories)
            if entries > MAX_ENTRIES or (depth >= MAX_DEPTH and listing.directories):
                self.cut_short = True
            if entries > MAX_ENTRIES:
                return
            for name in listing.files:
                found = find_file(os.path.join(directory, name), linked)
                if found is not None:
                    yield found
            if depth >= MAX_DEPTH:
                continue
            links: list[tuple[str, int, bool]] = []
            for name in listing.directories:
                path = os.path.join(directory, name)
                is_link = os.path.islink(path)
                (links if is_link else waiting).append((path, depth + 1, linked or is_link))
            # Links are followed last, so that a folder is met under its own name first.
            waiting[:0] = links

    def _list(
        self, directory: str, status: os.stat_result, known: _Listing | None
    ) -> _Listing | None:
        look = SecondLook() if known is None else known.look
        if known is not None and not look.wanted(status.st_mtime_ns):
            return known
        look.reading(status.st_mtime_ns, status.st_mtime_ns)
        files: list[str] = []
        directories: list[str] = []
        try:
            with os.scandir(directory) as entries:
                for count, entry in enumerate(entries):
                    if count >= MAX_ENTRIES:
                        self.cut_short = True
                        break
                    try:
                        is_directory = entry.is_dir()
                    except OSError:
                        continue
                    if not is_directory:
                        if may_be_log(entry.name):
                            files.append(entry.name)
                    elif entry.name in _HIDDEN_FILES:
                        files.append(f"{entry.name}/{_HIDDEN_FILES[entry.name]}")
                    elif not _skipped(entry):
                        directories.append(entry.name)
        except OSError:
            return None
        names = set(files)
        files = [name for name in files if not is_rotated_part(name, names)]
        return _Listing(look, files, directories)


def listing(directory: str) -> tuple[list[str], list[str]]:
    """Return the names of the files in a directory that may be logs, and of its directories.

    Both are empty where it cannot be read.
    """
    try:
        found = DirectorySearch(directory)._list(directory, os.stat(directory), None)
    except OSError:
        found = None
    return ([], []) if found is None else (sorted(found.files), sorted(found.directories))


def _skipped(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in _SKIPPED_DIRECTORIES:
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def find_file(path: str, linked: bool = False) -> FoundFile | None:
    """Return a regular file, or None if there is none at `path`."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    identity = (status.st_dev, status.st_ino)
    return FoundFile(
        path, identity, status.st_size, status.st_mtime, linked or os.path.islink(path)
    )
