"""Which file system a path lies on, and whether the kernel tells of changes there.

NFS, SMB, FUSE, 9p, Lustre and their like report no change that another host
makes; overlay reports none that is made below it. Found from
`/proc/self/mountinfo` (proc(5)); on systems without it the platform's own
notification is taken to work.
"""

from __future__ import annotations

import os
import re
import time
from typing import Final

from lossmon.record import record
from lossmon.sources.rotation import open_regular

MOUNTINFO: Final = "/proc/self/mountinfo"
_REFRESH_SECONDS: Final = 30.0
"""Mounts come and go while a run is watched for weeks."""

# Types of which every change is made through this kernel. Any other is polled.
_LOCAL: Final = frozenset(
    """ext2 ext3 ext4 xfs btrfs zfs tmpfs ramfs devtmpfs f2fs jfs jffs2 ubifs reiserfs nilfs2
    bcachefs vfat msdos exfat ntfs ntfs3 hfs hfsplus apfs ufs udf iso9660 erofs squashfs rootfs
    hugetlbfs fuseblk""".split()  # noqa: SIM905
)
# Types whose attributes are cached on this host: a stat alone may be old.
_NETWORK: Final = frozenset(
    """nfs nfs4 cifs smb2 smb3 smbfs ncpfs afs ceph lustre gpfs beegfs glusterfs orangefs panfs
    pvfs2 9p gfs gfs2 ocfs2 vboxsf davfs coda""".split()  # noqa: SIM905
)


@record
class FileSystem:
    """A file system: its type as the kernel calls it (empty if unknown), and what to expect."""

    type: str
    events: bool
    """Whether every change is reported."""
    network: bool
    """Whether a stat may be older than the file."""
    mixes: bool = False
    """Whether an open file may be shown with what another one that took its name holds."""

    def status(self, path: str) -> os.stat_result:
        """Return the status of a file as it is now; OSError as `os.stat`."""
        if self.network:
            # Opening makes an NFS client ask the server; a stat may be a minute old.
            try:
                descriptor = open_regular(path)
            except PermissionError:
                return os.stat(path)
            try:
                return os.fstat(descriptor)
            finally:
                os.close(descriptor)
        return os.stat(path)


_UNKNOWN: Final = FileSystem("", events=True, network=False)
_cache: dict[str, tuple[float, list[tuple[str, str]]]] = {}


def filesystem(path: str, mountinfo: str = MOUNTINFO) -> FileSystem:
    """Return the file system that `path` (which need not exist) lies on."""
    kind = _type_at(os.path.realpath(path), _mounts(mountinfo))
    if not kind:
        return _UNKNOWN
    base = kind.partition(".")[0]
    network = kind in _NETWORK or (base == "fuse" and kind != "fuse.portal")
    # FUSE: most go by paths, and the kernel keeps one set of pages for all that had a name.
    return FileSystem(kind, kind in _LOCAL, network, mixes=base == "fuse")


def _mounts(mountinfo: str) -> list[tuple[str, str]]:
    """Return mount points with their types, in the order in which they were mounted."""
    now = time.monotonic()
    known = _cache.get(mountinfo)
    if known is not None and now - known[0] < _REFRESH_SECONDS:
        return known[1]
    mounts: list[tuple[str, str]] = []
    try:
        with open(mountinfo, encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                fields = line.split()
                # ID parent major:minor root mount-point options [optional…] - type source super
                if len(fields) > 6 and "-" in fields[6:]:
                    after = fields.index("-", 6) + 1
                    if after < len(fields):
                        mounts.append((_unescape(fields[4]), fields[after]))
    except OSError:
        mounts = []
    _cache[mountinfo] = (now, mounts)
    return mounts


def _type_at(path: str, mounts: list[tuple[str, str]]) -> str:
    best, kind = -1, ""
    for point, mounted in mounts:
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        # Of mounts at one point the last one lies on top.
        if inside and len(point) >= best:
            best, kind = len(point), mounted
    return kind


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
