"""Small disks, small rights, interruptions: what meets a node that is not alone in the world."""

import grp
import os
import subprocess
import sys
from contextlib import contextmanager

import needs


class Interrupted(Exception):
    """Something else went wrong in the middle."""


def interrupted_after(_done):
    """Go wrong once the argument has been worked out."""
    raise Interrupted


@contextmanager
def small_disk(folder, size="64k"):
    """Mount a little file system of its own on the folder, for as long as the block lasts."""
    needs.root()
    folder.mkdir(exist_ok=True)
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", os.fspath(folder)]
    subprocess.run(mounted, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", os.fspath(folder)], check=True)


def another_group():
    """Return a group this process may give a file to, another than its files have where it can."""
    own = os.getegid()
    if os.geteuid() == 0:
        return next(each for each in grp.getgrall() if each.gr_gid != own)
    return grp.getgrgid(next((each for each in os.getgroups() if each != own), own))


def without_privileges(body, *arguments):
    """
    Run Python code, `Path` and `sys` at hand, bound by the rights of files; return what it said.

    It stays the user it is, but may not touch what belongs to others, as root otherwise may.
    """
    needs.root()
    code = f"import os, sys\nfrom pathlib import Path\n{body}"
    ran = subprocess.run(
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", code]
        + [os.fspath(argument) for argument in arguments],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return ran.stdout.strip()
