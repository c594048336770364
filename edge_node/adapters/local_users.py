"""The users and groups of this machine a node has to do with: its own, and the software's."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.adapters.programs import run_program
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The node's own user, by name and by numbers; ``groups`` are all it is in."""

    name: str
    user: int
    group: int
    groups: tuple[int, ...]

    @property
    def is_me(self) -> bool:
        """Whether this process is that user's."""
        return os.geteuid() == self.user

    def runs(self, command: Sequence[str], *, within: float, folder: Path) -> str:
        """Run a program as that user, with the umask of the service; return what it says."""
        if self.is_me:
            return run_program(command, within=within, folder=folder, umask=0o027)
        return run_program(
            command,
            within=within,
            folder=folder,
            umask=0o027,
            as_user=(self.user, self.group, self.groups),
        )


def owner_called(name: str) -> Owner:
    """Return the user of that name; NotAllowed where this machine has none."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise NotAllowed(
            say("this machine has no user {name} for the node to work as", name=name),
            hint=say(
                "it comes with the package; by hand: useradd --system --user-group"
                " --no-create-home --home-dir /var/lib/edge-node"
                " --shell /usr/sbin/nologin {name}",
                name=name,
            ),
        ) from None
    groups = tuple(os.getgrouplist(name, found.pw_gid))
    return Owner(name=name, user=found.pw_uid, group=found.pw_gid, groups=groups)


def own_name() -> str:
    """Return the name of the user this process is; empty where it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def is_user(name: str) -> bool:
    """Tell whether this machine has a user of that name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def join_group(name: str, owner: Owner) -> bool:
    """Put a user into the group of the node's; False where it is in it already."""
    if owner.group in os.getgrouplist(name, pwd.getpwnam(name).pw_gid):
        return False
    group = grp.getgrgid(owner.group).gr_name
    run_program(("usermod", "--append", "--groups", group, name))
    return True
