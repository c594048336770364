"""
Finds out whether a certificate is good to sign with: ask, fetch what is lacking, ask again.

Who reads the certificate is a child without a network. Whose key it is, and what is done where it
is not good, are left to others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from edge_node.adapters.inquiring import Inquiry, Terms

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.anchors import Anchors
    from edge_node.adapters.fetching import Fetcher
    from edge_node.domain.message import Message
    from edge_node.notary.trust import Appraisal, Evidence, Specimen, Trust


class Appraise(Protocol):
    """What reads a certificate; it never raises for what that holds."""

    def __call__(
        self,
        certificate: bytes,
        chain: tuple[bytes, ...],
        trust: Trust,
        *,
        now: datetime,
        specimen: Specimen | None = None,
    ) -> Appraisal:
        """Return what it is worth by this trust alone, and what would make that surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What a certificate is worth, what was fetched for it, and what could not be had."""

    appraisal: Appraisal
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Message, ...] = ()
    hints: tuple[Message, ...] = ()  # what can be done about the notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraiser:
    """Joins who reads certificates, whom to believe and who fetches."""

    appraise: Appraise
    anchors: Anchors
    fetcher: Fetcher
    terms: Terms = field(default_factory=Terms)

    def weigh(
        self,
        certificate: bytes,
        chain: tuple[bytes, ...] = (),
        *,
        now: datetime,
        specimen: Specimen | None = None,
    ) -> Weighed:
        """
        Return what a certificate (DER) is worth for signing now; ``chain`` may vouch for it.

        VALID: in force, led to a pinned root, for signing, not revoked. Raises AnchorsUnsound
        where nobody knows whom to believe, and what ``appraise`` does; what servers do is a note.
        """

        def ask(trust: Trust) -> Appraisal:
            return self.appraise(certificate, chain, trust, now=now, specimen=specimen)

        inquiry = Inquiry(anchors=self.anchors, fetcher=self.fetcher, terms=self.terms)
        settled = inquiry.settle(ask, now=now)
        evidence = tuple(settled.evidence.values())
        return Weighed(
            appraisal=settled.answer,
            evidence=evidence,
            notes=settled.notes,
            hints=settled.hints,
        )
