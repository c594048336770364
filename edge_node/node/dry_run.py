"""
Sends a drop without sending it: packed, signed and looked into in a room of ours, and told.

The steps are those of taking in, with the real key, the real time-stamp and the real secret; the
package is read back as a receiver would read it. No call is made to the axis.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.claims import as_it_lies
from edge_node.adapters.signed_copies import SignedCopies
from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import say
from edge_node.domain.signature import Verdict
from edge_node.flows.foretelling import Problems
from edge_node.protocol import edxml, vxp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edge_node.adapters.axis import Offer, VxpAxis
    from edge_node.adapters.lying import Lying
    from edge_node.domain.document import Document
    from edge_node.domain.envelope import NewDocument, Stored
    from edge_node.domain.message import Message
    from edge_node.domain.signature import FileVerdict
    from edge_node.domain.signing import Act
    from edge_node.flows.foretelling import Foretold, Problem
    from edge_node.node.rehearsing import Rehearsing

_PATIENCE: Final = timedelta(minutes=3)
# By what of a request anybody could repeat it; no header holds the secret itself.
_MASKED: Final = vxp.PREFIX + "hash-header"
_MASK: Final = "********"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that would be made; what it is signed with is masked."""

    message: MessageType
    receivers: tuple[str, ...]
    verb: str
    url: str
    headers: tuple[tuple[str, str], ...]
    size: int  # bytes of its body


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of a dry run; nothing but ``told`` where that speaks against sending already."""

    told: Foretold
    package: Stored | None = None  # None: nothing is packed, or nothing would leave
    path: Path | None = None  # where it lies until the room is gone
    acts: tuple[Act, ...] = ()
    verdicts: Mapping[str, FileVerdict]  # on the signed copies, by the name of the file
    requests: tuple[Request, ...] = ()
    warnings: tuple[Message, ...] = ()
    problems: tuple[Problem, ...] = ()


def rehearse(node: Rehearsing, lying: Lying) -> Rehearsed:
    """Do with what lies there all that comes before a request is made, and tell of it."""
    told = node.foretold(lying)
    if lying.drop is None or told.problems:
        return Rehearsed(told=told, verdicts={}, problems=told.problems)
    problems = Problems()
    new: NewDocument | None = None
    rehearsed = Rehearsed(told=told, verdicts={})
    copies = node.aside / "copies"
    copies.mkdir(exist_ok=True)
    with problems.noting():
        new = _packed(node, lying, copies)
    if new is not None:
        rehearsed = replace(rehearsed, acts=new.acts, warnings=new.warnings)
        with problems.noting():
            rehearsed = _looked_over(node, rehearsed, new, copies)
        with problems.noting():
            rehearsed = replace(rehearsed, requests=tuple(_requests(node.wire(), new)))
    return replace(rehearsed, problems=tuple(problems.all))


def _packed(node: Rehearsing, lying: Lying, copies: Path) -> NewDocument | None:
    """Return what the queue would take in; Permanent, SigningWaits."""
    if lying.drop is None:
        return None
    packing = node.foretelling.packing
    signatures = replace(packing.signatures, copies=lambda item, _: SignedCopies(item, copies))
    drop = as_it_lies(lying.drop)
    return replace(packing, signatures=signatures).pack(drop, now=node.clock())


# ── our own work, looked over ────────────────────────────────────────────────────────────────


def _looked_over(
    node: Rehearsing, rehearsed: Rehearsed, new: NewDocument, copies: Path
) -> Rehearsed:
    """Verify every signature that was made, and read the package as whoever gets it will."""
    looking = node.eyes
    made = SignedCopies(new.id, copies).all()
    verdicts = {
        act.file: looking.look(made[act.file].path, now=node.clock(), within=_PATIENCE).verdict
        for act in new.acts
    }
    for file, verdict in verdicts.items():
        if verdict.verdict is not Verdict.VALID:
            raise PackageUnreadable(
                say("{file}: our signature is not valid: {why}", file=file, why=verdict.why),
                hint=say("edge-node cert check"),
            )
    rehearsed = replace(rehearsed, verdicts=verdicts)
    if not new.package.digest:
        return rehearsed
    warnings = _read_back(node, rehearsed.told, new)
    return replace(
        rehearsed,
        package=new.package,
        path=node.spool.path(new.package.digest),
        warnings=(*rehearsed.warnings, *warnings),
    )


def _read_back(node: Rehearsing, told: Foretold, new: NewDocument) -> tuple[Message, ...]:
    """Return what is odd about the package; PackageUnreadable where it is not what was dropped."""
    with node.spool.room() as room, node.spool.open(new.package.digest) as raw:
        package = edxml.read_package(raw, room, limits=node.limits)
        if not isinstance(package, edxml.DocumentPackage):
            raise PackageUnreadable(say("the package is a status message, not a document"))
    signed = {act.file: act.stored.digest for act in new.acts if act.stored}
    wanted = Counter(signed.get(each.path.name, each.stored.digest) for each in told.files)
    differs = Counter(file.digest for file in package.files) != wanted
    leaves = None if new.recall is None else new.recall.leaves
    ours = _facts(new.document) | ({} if leaves is None else {"To": sorted(leaves)})
    theirs = _facts(package.document)
    other = [name for name, value in ours.items() if theirs[name] != value]
    if differs:
        other.append("Attachment")
    if other:
        raise PackageUnreadable(
            say("the package does not say what was dropped: {names}", names=", ".join(other)),
            hint=say("this is a mistake of the program: keep the drop, and tell who maintains it"),
        )
    return tuple(each for each in package.warnings if each not in new.warnings)


def _facts(document: Document) -> dict[str, object]:
    """Return what of a header must not be lost on any way, by the elements of the package."""
    return {
        "DocumentId": document.document_id,
        "From": document.sender.code,
        "To": sorted(each.code for each in document.receivers),
        "Code": document.code,
        "PromulgationDate": document.promulgated,
        "Type": document.type.name,
        "Subject": document.subject,
        "Priority": document.priority,
    }


# ── what would go over the wire ──────────────────────────────────────────────────────────────


def _requests(axis: VxpAxis, new: NewDocument) -> Iterator[Request]:
    sender = new.document.sender.code
    codes = tuple(each.code for each in new.document.receivers)
    recall = new.recall
    if new.package.digest:
        leaves = codes if recall is None else recall.leaves
        message = MessageType.DOCUMENT
        offer = axis.offer(new.package, message=message, sender=sender, receivers=leaves)
        yield _masked(offer, message, leaves, new.package)
    for code, (_, stored) in recall.bodies.items() if recall else ():
        message = MessageType.STATUS
        offer = axis.offer(stored, message=message, sender=sender, receivers=(code,))
        yield _masked(offer, message, (code,), stored)


def _masked(
    offer: Offer, message: MessageType, receivers: tuple[str, ...], stored: Stored
) -> Request:
    return Request(
        message=message,
        receivers=receivers,
        verb=offer.call.verb,
        url=offer.url,
        headers=tuple(
            (name, _MASK if name == _MASKED else value) for name, value in offer.headers
        ),
        size=stored.size + len(vxp.FILE_END),
    )
