"""
The exchange folder: where the document software and the node meet, and whether it is really it.

Knows the names and rights of its folders and the identity file; what lies in them is the affair
of the outbox, the inbox and the receipts.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import secrets
import struct
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.domain.document import AgencyCode
from edge_node.domain.errors import FolderMissing, NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edge_node.adapters.answering import Answering

log = logging.getLogger(__name__)

IDENTITY_FILE: Final = ".edge-node"

# The set-group-id bit lets everything made inside belong to the group both users are in.
_SHARED: Final = 0o2770  # the software writes, or takes what lies there
_OURS: Final = 0o2750  # the software may read
_MODES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "outbox": _SHARED,
        "queued": _OURS,
        "sent": _OURS,
        "failed": _OURS,
        "inbox": _SHARED,  # a document is taken by moving its folder or writing `.taken` into it
        "receipts": _SHARED,  # what was read is deleted
        "statuses": _SHARED,
        "statuses/done": _OURS,
        "statuses/failed": _OURS,
    }
)

# acl(5) as the kernel stores it: version 2, then (tag, permissions, id) of owner, group, others.
# Without it the software's umask decides whether the node may move a folder it is given.
_DEFAULT_ACL: Final = struct.pack(
    "<I" + 3 * "HHI", 2, 0x01, 7, 0xFFFFFFFF, 0x04, 7, 0xFFFFFFFF, 0x20, 0, 0xFFFFFFFF
)
_NO_ACL: Final = {errno.EOPNOTSUPP, errno.EPERM, errno.EINVAL}


class ForeignFolder(FolderMissing):
    """It is another agency's exchange folder that lies there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose exchange folder it is; the id tells one from another made later in its place."""

    agency: AgencyCode
    id: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """The paths below one exchange folder; ``answering`` keeps whoever checks it from hanging."""

    root: Path
    answering: Answering | None = None

    @property
    def outbox(self) -> Path:
        """Where the software drops what is to be sent."""
        return self.root / "outbox"

    @property
    def queued(self) -> Path:
        """Where drops lie that were taken in and not yet accepted by the axis."""
        return self.root / "queued"

    @property
    def sent(self) -> Path:
        """Where drops lie, by day, that the axis accepted for at least one receiver."""
        return self.root / "sent"

    @property
    def failed(self) -> Path:
        """Where drops lie, by day, that were refused or given up, each with the reason."""
        return self.root / "failed"

    @property
    def inbox(self) -> Path:
        """Where incoming documents wait for the software."""
        return self.root / "inbox"

    @property
    def receipts(self) -> Path:
        """Where the software reads what became of its documents."""
        return self.root / "receipts"

    @property
    def statuses(self) -> Path:
        """Where the software says what became of documents it received."""
        return self.root / "statuses"

    @property
    def statuses_done(self) -> Path:
        """Where status files lie that were taken."""
        return self.statuses / "done"

    @property
    def statuses_failed(self) -> Path:
        """Where status files lie that were refused, each with the reason."""
        return self.statuses / "failed"

    def create(self, agency: AgencyCode) -> Identity:
        """
        Make what is missing and return whose it is; what exists keeps its rights.

        Raises NotAllowed when the folder belongs to another agency, DiskTrouble and its like.
        """
        with durable.disk_errors(self.root):
            _make(self.root, _OURS)
            for name, mode in _MODES.items():
                _make(self.root / name, mode)
            if not self._identity_file.exists():
                self._write_identity(agency)
        identity = self._identity()
        if identity.agency != agency:
            raise NotAllowed(
                say(
                    "{path} is the exchange folder of {owner}, not of {agency}",
                    path=str(self.root),
                    owner=identity.agency,
                    agency=agency,
                ),
                hint=say("give each agency a folder of its own: folders.exchange"),
            )
        return identity

    def check(self, agency: AgencyCode) -> Identity:
        """Return whose folder it is; FolderMissing when it, or one in it, is not as it was."""
        identity = self.recognise(agency)
        for name in _MODES:
            if not (self.root / name).is_dir():
                raise FolderMissing(
                    say("the folder {path} is not there", path=str(self.root / name)),
                    hint=say("create it again with: edge-node init"),
                )
        return identity

    def parts(self) -> Iterator[tuple[Path, bool]]:
        """Yield every folder of it, and whether the software writes there, too."""
        for name, mode in _MODES.items():
            yield self.root / name, mode == _SHARED

    def recognise(self, agency: AgencyCode) -> Identity:
        """Return whose folder it is; FolderMissing when it is not ours, not there, or silent."""
        if self.answering is not None:
            self.answering.demand()
        identity = self._identity()
        if identity.agency != agency:
            raise ForeignFolder(
                say(
                    "{path} is the exchange folder of {owner}, not of {agency}",
                    path=str(self.root),
                    owner=identity.agency,
                    agency=agency,
                ),
                hint=say("see which share is mounted there"),
            )
        return identity

    def sweep(self) -> int:
        """
        Remove what writers that are gone left in here; return how many files that were.

        A folder we may not touch stops nobody here: the flow that works in it says so.
        """
        swept = 0
        written = (self.root, self.outbox, self.queued, self.receipts)
        for folder in (*written, self.statuses_done, self.statuses_failed):
            try:
                swept += durable.sweep(folder)
                swept += durable.sweep(folder, kind="moved")
            except durable.AccessDenied as error:
                log.warning("cannot sweep", extra={"path": str(folder), "error": str(error)})
        return swept

    def _write_identity(self, agency: AgencyCode) -> None:
        identity = {"schema": 1, "agency": agency, "id": secrets.token_hex(8)}
        durable.write(self._identity_file, json.dumps(identity).encode() + b"\n", mode=0o640)

    def _identity(self) -> Identity:
        try:
            read = json.loads(self._identity_file.read_bytes())
            return Identity(agency=AgencyCode(str(read["agency"])), id=str(read["id"]))
        except OSError as error:
            raise self._not_it(error.strerror or str(error)) from error
        except (ValueError, KeyError, TypeError) as error:
            raise self._not_it(say("it does not hold what the node wrote")) from error

    def _not_it(self, reason: object) -> FolderMissing:
        return FolderMissing(
            say(
                "the exchange folder cannot be told by its identity file {path}: {reason}",
                path=str(self._identity_file),
                reason=reason,
            ),
            hint=say(
                "mount the share again: mount {path}; only where no node ever was: edge-node init",
                path=str(self.root),
            ),
        )

    @property
    def _identity_file(self) -> Path:
        return self.root / IDENTITY_FILE


def _make(folder: Path, mode: int) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    folder.chmod(mode)  # mkdir would have asked the umask
    if mode == _SHARED:
        _let_group_in(folder)
    durable.sync_folder(folder.parent)


def _let_group_in(folder: Path) -> None:
    """Give the folder a default ACL, where the file system has such a thing."""
    try:
        os.setxattr(folder, "system.posix_acl_default", _DEFAULT_ACL)
    except OSError as error:
        if error.errno not in _NO_ACL:
            raise
