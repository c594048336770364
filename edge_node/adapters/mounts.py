"""
What lies under a folder: a disk of this machine or somebody else's, one mount or two.

Only looks; what follows from it (polling instead of events, copying instead of renaming) is the
caller's.
"""

from __future__ import annotations

import errno
import re
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from edge_node.adapters.disk import disk_errors

MOUNTINFO: Final = Path("/proc/self/mountinfo")

# Where another machine, or a program of this one, can change files without the kernel noticing:
# inotify is silent there. `fuse` and `fuse.*` cover sshfs, GlusterFS, S3 and the like.
_REMOTE: Final = re.compile(
    r"nfs4?|cifs|smb3|smbfs|fuse.*|9p|virtiofs|vboxsf|prl_fs|ceph|afs|ncpfs|lustre|gfs2|ocfs2"
    r"|gpfs|beegfs|coda"
)
# Of these the files are on this machine all the same: NTFS and exFAT, containers without root.
_OWN_AFTER_ALL: Final = frozenset({"fuseblk", "fuse.fuse-overlayfs"})
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def is_remote(path: Path, *, mountinfo: Path = MOUNTINFO) -> bool:
    """Tell whether others may change the folder unseen; True also where nobody can tell."""
    try:
        status = path.stat()
    except OSError:
        return _is_remote(path, mountinfo)
    # Asked in every scan and for every drop; what is mounted there later has another device.
    return _remembered(path, mountinfo, status.st_dev, status.st_ino)


@lru_cache(maxsize=16)
def _remembered(path: Path, mountinfo: Path, _device: int, _inode: int) -> bool:
    return _is_remote(path, mountinfo)


def _is_remote(path: Path, mountinfo: Path) -> bool:
    kind = filesystem(path, mountinfo=mountinfo)
    return kind is None or bool(_REMOTE.fullmatch(kind))


def foreign_filesystem(path: Path, *, mountinfo: Path = MOUNTINFO) -> str | None:
    """
    Return what the path lies on where that is surely somebody else's; None where it is ours.

    None also where nobody can tell.
    """
    kind = filesystem(path, mountinfo=mountinfo)
    if kind is None or kind in _OWN_AFTER_ALL or not _REMOTE.fullmatch(kind):
        return None
    return kind


def filesystem(path: Path, *, mountinfo: Path = MOUNTINFO) -> str | None:
    """Return the type of the file system the path lies on, as the kernel names it, if it tells."""
    covering = _covering(path, mountinfo)
    return None if covering is None else covering[1]


def _covering(path: Path, mountinfo: Path) -> tuple[str, str] | None:
    """Return the number of the mount a path lies on, and the type of its file system."""
    try:
        lines = mountinfo.read_text("utf-8", "surrogateescape").split("\n")
    except OSError:
        return None
    place, found, depth = path.resolve(), None, -1
    for line in filter(None, lines):
        mount_point, kind = _mount(line)
        if len(mount_point.parts) >= depth and place.is_relative_to(mount_point):
            # The later of two covers the earlier.
            found, depth = (line.split(" ", 1)[0], kind), len(mount_point.parts)
    return found


def mount_of(path: Path, *, mountinfo: Path = MOUNTINFO) -> str | None:
    """
    Return what tells the mount a path lies on from all others; None where nobody can tell.

    ``mountinfo`` is that of the process that is to rename there: a service may have mounts of
    its own. Nothing is touched for it, as `same_mount` does.
    """
    covering = _covering(path, mountinfo)
    return None if covering is None else covering[0]


def same_mount(one: Path, other: Path) -> bool:
    """
    Tell whether a file can be renamed from one folder into the other, by renaming one.

    Device numbers do not tell: two bind mounts of one file system share them, and a rename
    between them fails all the same (rename(2), EXDEV). Raises what `disk_errors` raises.
    """
    import secrets  # noqa: PLC0415 - it loads OpenSSL, and whoever reads probes nothing

    name = f".rename-probe.{secrets.token_hex(4)}.part"
    with disk_errors(one):
        (one / name).touch(mode=0o600, exist_ok=False)
        try:
            (one / name).rename(other / name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return False
        finally:
            for folder in (one, other):
                with suppress(FileNotFoundError):
                    (folder / name).unlink()
        return True


def _mount(line: str) -> tuple[Path, str]:
    """Return point and type of `36 35 98:0 / /mnt rw master:1 - ext4 /dev/root rw` (proc(5))."""
    before, _, after = line.partition(" - ")
    point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), before.split(" ")[4])
    return Path(point), after.split(" ", 1)[0]
