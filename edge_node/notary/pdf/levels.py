"""
Signs a PDF at a PAdES baseline level, with a key and a time-stamp authority at hand.

    wish = Wish(at=moment, level=Level.B_LTA)
    sign_with(key, source, target, wish, stamp=ask_authority, prove=fetch_evidence)

Ties the steps of `signing`, `longterm`, `cms` and `stamps` together; each may be taken alone
where key and network are elsewhere.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.notary.certificates import bundled
from edge_node.notary.cms import CmsForm, imprint, with_stamp
from edge_node.notary.pdf.longterm import begin_stamp, store
from edge_node.notary.pdf.signing import TooSmall, begin
from edge_node.notary.stamps import ask, read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge_node.notary.keys import Key
    from edge_node.notary.pdf.signing import Begun, Look
    from edge_node.notary.raw import Algorithm
    from edge_node.notary.stamps import StampRequest
    from edge_node.notary.trust import Evidence

    Stamp = Callable[[StampRequest], bytes]
    Prove = Callable[[tuple[bytes, ...]], Sequence[Evidence]]

STAMP_ROOM: Final = 10_000  # bytes kept for a token; most take 3 000 to 8 000
SLACK: Final = 512  # a second token need not be exactly as long as the first
STAMPED_BY: Final = "sha256"


class Level(StrEnum):
    """How long a signature can be verified (ETSI EN 319 142-1, 6)."""

    B_B = "B-B"  # as long as the certificate holds
    B_T = "B-T"  # with a time-stamp: whether it held when it was signed
    B_LT = "B-LT"  # with evidence: without asking anybody
    B_LTA = "B-LTA"  # with a time-stamp over the evidence: as long as that one holds


LASTING: Final = frozenset({Level.B_LT, Level.B_LTA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a PDF is to be signed; see `signing.begin`."""

    at: datetime
    level: Level = Level.B_B
    field: str = "Signature"
    look: Look | None = None
    certify: bool = False
    policy: str = ""  # of the time-stamp authority, dotted


def sign_with(
    key: Key,
    source: BinaryIO,
    target: BinaryIO,
    wish: Wish,
    *,
    stamp: Stamp | None = None,
    prove: Prove | None = None,
) -> str:
    """
    Sign ``source`` into ``target``, empty before, readable and writable; return the field's name.

    ``stamp`` carries a request to a time-stamp authority and returns its answer (DER).
    ``prove`` is asked for evidence once signature and time-stamp are there; it gets the
    certificates (DER) of both and of those above them that are known. Raises
    `preflight.NotSignable`, `keys.KeyUnavailable`, `stamps.StampUnusable`,
    `longterm.EvidenceUnusable`, `DiskTrouble`, and what ``stamp`` and ``prove`` raise:
    ``target`` is empty again then. Raises ValueError where one of them is missing for the level,
    or ``target`` is not empty.
    """
    if target.seek(0, os.SEEK_END):
        raise ValueError(target)
    if (stamp is None and wish.level is not Level.B_B) or (
        prove is None and wish.level in LASTING
    ):
        raise ValueError(wish.level)
    try:
        field, known = _signed(key, source, target, wish, stamp)
        if prove is not None and wish.level in LASTING:
            store(target, evidence=prove(known), certificates=known)
        if stamp is not None and wish.level is Level.B_LTA:
            _stamped(target, wish, stamp)
    except BaseException:
        target.seek(0)
        target.truncate()
        raise
    return field


def _signed(
    key: Key, source: BinaryIO, target: BinaryIO, wish: Wish, stamp: Stamp | None
) -> tuple[str, tuple[bytes, ...]]:
    """Sign, with a time-stamp if there is to be one; return the field and the certificates."""
    stamping = stamp is not None and wish.level is not Level.B_B
    form, room = _form(key.certificate, key.chain, key.algorithm, STAMP_ROOM if stamping else 0)
    known = dict.fromkeys((key.certificate, *key.chain))

    def begun(reserved: int) -> Begun:
        return begin(
            source,
            target,
            hashed=form.algorithm.digest,
            reserved=reserved,
            at=wish.at,
            field=wish.field,
            look=wish.look,
            certify=wish.certify,
        )

    def made(digest: bytes) -> bytes:
        attributes = form.attributes(digest)
        bare = form.filled(attributes, key.sign(form.digest(attributes)))
        if stamp is None or wish.level is Level.B_B:
            return bare
        token = _token(imprint(bare, STAMPED_BY), wish, stamp)
        known.update((one.dump(), None) for one in bundled(token))
        return with_stamp(bare, token)

    return _fitted(begun, made, room), tuple(known)


def _stamped(target: BinaryIO, wish: Wish, stamp: Stamp) -> None:
    def begun(reserved: int) -> Begun:
        return begin_stamp(target, hashed=STAMPED_BY, reserved=reserved)

    _fitted(begun, lambda digest: _token(digest, wish, stamp), STAMP_ROOM)


def _fitted(begun: Callable[[int], Begun], made: Callable[[bytes], bytes], room: int) -> str:
    """Begin and finish; once more, with a larger place, if what was made did not fit."""
    first = begun(room)
    try:
        first.finish(made(first.digest))
    except TooSmall as error:
        first.abandon()
        second = begun(error.needed + SLACK)
        second.finish(made(second.digest))
    return first.field


def _token(digest: bytes, wish: Wish, stamp: Stamp) -> bytes:
    request = ask(digest, STAMPED_BY, policy=wish.policy)
    return read(stamp(request), request).token


@functools.lru_cache(maxsize=8)
def _form(
    certificate: bytes, chain: tuple[bytes, ...], algorithm: Algorithm, stamp: int
) -> tuple[CmsForm, int]:
    """Return what every signature of a key has, and how large one becomes."""
    form = CmsForm.of(certificate, chain, algorithm)
    return form, form.size(stamp=stamp)
