"""
The account a node works as, and whether it may get at something, asked by whoever looks.

An administrator looks as root, who may everything: what counts is the account the service runs
as. Told by modes alone; where an access list stands beside them, it is believed to help.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

READ: Final = 4
WRITE: Final = 2
ENTER: Final = 1
_LIST: Final = "system.posix_acl_access"  # acl(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who works here, by numbers."""

    user: int
    groups: frozenset[int]

    @classmethod
    def of(cls, data: Path, process: int | None) -> Account:
        """Return the account of a process at work on ``data``; without one, of whose that is."""
        if process is not None:
            with suppress(OSError, ValueError, KeyError):
                return _of_process(process)
        try:
            owner = data.stat()
        except OSError:
            return cls(user=os.geteuid(), groups=frozenset((os.getegid(), *os.getgroups())))
        return cls(user=owner.st_uid, groups=frozenset(_groups_of(owner.st_uid, owner.st_gid)))

    @property
    def name(self) -> str:
        """Its name, or its number where it has none."""
        try:
            return pwd.getpwuid(self.user).pw_name
        except KeyError:
            return str(self.user)

    def may(self, path: Path, needed: int) -> bool:
        """Whether it may READ, WRITE, ENTER (a sum) what lies there; OSError if nothing does."""
        status = path.stat()
        if self.user == 0:
            return True
        if status.st_uid == self.user:
            bits = status.st_mode >> 6
        elif status.st_gid in self.groups:
            bits = status.st_mode >> 3
        else:
            bits = status.st_mode
        return bits & needed == needed or _has_list(path)


def group_name(number: int) -> str:
    """Return the name of a group, or its number where it has none."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _of_process(process: int) -> Account:
    told = Path(f"/proc/{process}/status").read_text("utf-8", "replace")
    lines = dict(re.findall(r"^(Uid|Gid|Groups):(.*)$", told, re.MULTILINE))
    groups = {int(lines["Gid"].split()[1]), *map(int, lines["Groups"].split())}
    return Account(user=int(lines["Uid"].split()[1]), groups=frozenset(groups))


def _groups_of(user: int, group: int) -> Iterable[int]:
    try:
        return (group, *os.getgrouplist(pwd.getpwuid(user).pw_name, group))
    except KeyError:
        return (group,)


def _has_list(path: Path) -> bool:
    try:
        return bool(os.getxattr(path, _LIST))
    except OSError:
        return False
