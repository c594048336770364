"""
What leaves of a drop once its signatures were seen to: the files, and what they bear.

Signed copies take the place of the files they were made of. Which files are signed, and whether
the rest may leave, is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.domain.looks import MAIN
from edge_node.domain.message import say
from edge_node.domain.signature import Bears
from edge_node.flows.finding import bears
from edge_node.flows.leaving import Leaving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_node.domain.message import Message
    from edge_node.domain.signature import FileVerdict
    from edge_node.domain.signing import Act, SignedCopy, SigningPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What leaves: the files, signed ones in place of others; the acts; what looked odd."""

    files: tuple[Leaving, ...]
    acts: tuple[Act, ...] = ()
    warnings: tuple[Message, ...] = ()
    signed: Bears = Bears.UNKNOWN  # what the document itself bears, our signature included


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is odd about files that leave as they are, and what the document itself bears."""

    warnings: tuple[Message, ...] = ()
    signed: Bears = Bears.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What would be done about the signatures of a drop; files go by what the order calls them."""

    policy: SigningPolicy
    verdicts: Mapping[str, FileVerdict]
    wanted: tuple[str, ...] = ()  # they would be signed here
    warnings: tuple[Message, ...] = ()
    problems: Mapping[str, Message]


def mains(files: Sequence[Leaving]) -> Sequence[Leaving]:
    """Return the document itself: what is called so, or comes first."""
    return [each for each in files if each.named.role == MAIN] or files[:1]


def is_of(copy: SignedCopy | None, file: Leaving) -> bool:
    """Tell whether a copy is whole, and made of the file as it lies there."""
    return copy is not None and copy.whole and copy.source == file.stored.digest


def with_copies(
    files: Sequence[Leaving],
    copies: Mapping[str, SignedCopy],
    warnings: Sequence[Message] = (),
    verdicts: Mapping[str, FileVerdict] | None = None,
) -> Seen:
    """
    Return what leaves where these copies leave in place of the files they were made of.

    ``verdicts`` are those on the files as they were handed over, where anybody looked.
    """
    used = [copies.get(each.path.name) for each in files]
    leaving = [
        each
        if copy is None
        else Leaving(named=each.named, path=copy.path, stored=copy.stored, kind=each.kind)
        for each, copy in zip(files, used, strict=True)
    ]
    acts = tuple(copy.act for copy in used if copy is not None)
    unseen = (
        say("{file}: the signature does not show: {reason}", file=act.file, reason=act.unseen)
        for act in acts
        if act.unseen is not None
    )
    made = {name: copy.act for name, copy in copies.items()}
    return Seen(
        files=tuple(leaving),
        acts=acts,
        warnings=(*warnings, *unseen),
        signed=borne(files, verdicts or {}, made),
    )


def borne(
    files: Sequence[Leaving],
    verdicts: Mapping[str, FileVerdict],
    acts: Mapping[str, Act] | None = None,
) -> Bears:
    """
    Return what the document itself bears: of the file called so, or the first that can be signed.

    ``verdicts`` go by what the order calls a file, ``acts`` (of ours) by its own name.
    """
    called = (each for each in files if each.named.role == MAIN)
    signable = (each for each in files if each.counts)
    main = next(called, None) or next(signable, None)
    if main is None:
        return Bears.UNKNOWN
    verdict = verdicts.get(main.named.file)
    before = bears(verdict) if verdict else Bears.UNKNOWN
    act = (acts or {}).get(main.path.name)
    if act is None or before is Bears.STAMPED:
        return before
    return Bears.STAMPED if act.stamped_by else Bears.SIGNED
