"""
How a signature gets into a PDF or an office file, step by step, between the children.

The preparer drafts, the key signs, an authority stamps. What is signed is made here of the bytes
that will be handed out. Whether the result is any good is verified by others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from edge_node.adapters.durable import part_of
from edge_node.adapters.growing import Growing, pour
from edge_node.domain.envelope import Digest, Stored
from edge_node.domain.errors import NotSignable
from edge_node.domain.message import say
from edge_node.domain.signing import Level
from edge_node.notary.wire import Garbled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.durable import Part
    from edge_node.adapters.preparing import Place, Preparer, Stamped
    from edge_node.adapters.signing_key import KeyFacts
    from edge_node.adapters.stamping import Stamper
    from edge_node.domain.signing import SigningWish
    from edge_node.notary.pdf.looks import Sight
    from edge_node.notary.trust import Evidence

    Draft = Callable[[tuple[int, int], int], Place]  # files, and bytes to be kept
    Make = Callable[[bytes], bytes]  # from the digest what goes into the gap

STAMP_ROOM: Final = 10_000  # bytes kept for a token; most take 3 000 to 8 000
SLACK: Final = 512  # a second signature or token need not be exactly as long as the first
OFFICE_ROOM: Final = 16 << 20  # bytes that a signature adds to an office file at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """Where time-stamps come from, and what is asked of them."""

    stamper: Stamper
    preparer: Preparer
    hashed: str = "sha256"
    policy: str = ""

    def over(
        self, over: str, content: bytes, *, certificate: bytes = b"", into: bytes | None = None
    ) -> Stamped:
        """Return a stamp over something, as `Preparer.question` names it; `NoStamp`."""
        question = self.preparer.question(
            over, content, hashed=self.hashed, policy=self.policy, certificate=certificate
        )
        return self.stamper.stamp(
            question.request, lambda answer: self.preparer.answer(question, answer, into=into)
        )


class Key(Protocol):
    """A key of the agency: `edge_node.adapters.own_keys.OwnSigningKey`."""

    name: str

    def facts(self) -> KeyFacts:
        """Return the certificate of the key, its chain and its algorithm."""

    def sign(self, digest: bytes, facts: KeyFacts) -> bytes:
        """Return the raw signature over a digest; `KeyReplaced` where the facts are others now."""

    def cms(self, digest: bytes, facts: KeyFacts) -> bytes:
        """Return a SignedData (DER) over a document's digest; `KeyReplaced` likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One file to be signed with one key."""

    key: Key
    facts: KeyFacts
    at: datetime
    wish: SigningWish
    preparer: Preparer
    stamps: Stamps
    sight: Sight | None = None

    @property
    def stamping(self) -> bool:
        """Whether the signature is to have a time-stamp."""
        return self.wish.level is not Level.B_B


@dataclass(slots=True)
class PdfPen:
    """Signs a PDF that `Growing` holds, and makes it last."""

    errand: Errand
    growing: Growing

    def sign(self) -> tuple[Place, tuple[bytes, ...]]:
        """Sign, with a time-stamp if there is to be one; return where, and its certificates."""
        errand, known = self.errand, list[bytes]()

        def draft(files: tuple[int, int], reserved: int) -> Place:
            return errand.preparer.pdf(
                files,
                hashed=errand.facts.hashed,
                reserved=reserved,
                at=errand.at,
                name=errand.wish.field,
                certify=errand.wish.certify,
                sight=errand.sight,
            )

        def make(digest: bytes) -> bytes:
            bare = errand.key.cms(digest, errand.facts)
            if not errand.stamping:
                return bare
            stamped = errand.stamps.over("cms", bare, into=bare)
            known[:] = stamped.certificates
            return stamped.content

        room = errand.facts.size + (STAMP_ROOM if errand.stamping else 0)
        place = self._written(draft, make, errand.facts.hashed, room)
        return place, tuple(known)

    def store(self, evidence: Sequence[Evidence], certificates: Sequence[bytes]) -> None:
        """Add what proves the signatures, as far as the file does not hold it already."""
        with self.growing.adding() as files:
            self.errand.preparer.store(files, evidence=evidence, certificates=certificates)

    def stamp(self) -> Place:
        """Add a time-stamp over all of the document; return where."""
        stamps, preparer = self.errand.stamps, self.errand.preparer

        def draft(files: tuple[int, int], reserved: int) -> Place:
            return preparer.stamp(files, reserved=reserved)

        def make(digest: bytes) -> bytes:
            return stamps.over("digest", digest).content

        return self._written(draft, make, stamps.hashed, STAMP_ROOM)

    def _written(self, draft: Draft, make: Make, hashed: str, room: int) -> Place:
        """Draft and fill; once more, with a larger place, if what was made did not fit."""
        before = self.growing.length
        place, made = self._made(draft, make, hashed, room)
        if len(made) > room:
            self.growing.cut(before)
            room = len(made) + SLACK
            place, made = self._made(draft, make, hashed, room)
        if len(made) > room:
            raise NotSignable(
                say("the signature gets larger each time it is made"),
                hint=say("tell the time-stamp authority, or use another"),
            )
        self.growing.fill(place, made)
        return place

    def _made(self, draft: Draft, make: Make, hashed: str, room: int) -> tuple[Place, bytes]:
        before, preparer = self.growing.length, self.errand.preparer
        with self.growing.adding() as files:
            place = draft(files, room)
        try:
            digest = self.growing.digest(place, hashed, since=before, reserved=room)
        except Garbled as error:
            raise preparer.distrust() from error
        return place, make(digest)


def sign_office(errand: Errand, original: Growing, part: Part, beside: Path) -> tuple[str, Stored]:
    """
    Sign an office file into ``part``; return the name of the signature's part in the package.

    Also what was written. The child writes into a file of its own beside ``beside``: nobody but us
    has ever had the one that is handed out.
    """
    preparer, facts = errand.preparer, errand.facts
    with original.reading() as source, part_of(beside) as theirs:
        octets = preparer.office(source, facts, errand.at)
        signature = errand.key.sign(hashlib.new(facts.hashed, octets).digest(), facts)
        token = None
        if errand.stamping:
            token = errand.stamps.over("xml", signature, certificate=facts.certificate).content
        name = preparer.write_office(
            (source, theirs.file.fileno()),
            facts,
            errand.at,
            signature=signature,
            token=token,
            largest=original.length + OFFICE_ROOM,
        )
        with theirs.path.open("rb") as file:
            hashed, size = pour(file, part.file)
    return name, Stored(digest=Digest(hashed.hexdigest()), size=size)
