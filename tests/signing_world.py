"""
Agencies whose documents are looked into and signed on their way out, over `tests/pki.py`.

    desk = an_agency(world, pki, signing={"documents": SigningPolicy.ALWAYS})
    signs = sealing(desk, pki)          # from now on it signs with a real key, without children
    send(desk, receiver, {"12.pdf": a_pdf()})
    sent(world, desk)                   # [{"12.pdf": bytes}] as the axis got them
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import office
import packages
from builders import stored
from flows_world import a_sheet
from our_pdfs import our_sign

from edge_node.adapters import durable
from edge_node.adapters.anchors import Anchors, certificates_in
from edge_node.domain.errors import NotSignable
from edge_node.domain.message import say
from edge_node.domain.signing import Act

if TYPE_CHECKING:
    from flows_world import Desk

BY = {"operator": "Nguyễn Văn A", "basis": "Quy chế văn thư 12/QC"}
LOOPBACK = (ip_network("127.0.0.0/8"),)


def an_agency(world, pki, **sections: Any) -> Desk:
    """Set up a node that believes the infrastructure; its clock is the machine's."""
    desk = world.desk(**{"trust": {"private": LOOPBACK}, **sections})
    for root in (*pki.roots, *pki.intermediates):
        (anchor,) = certificates_in(root)
        Anchors(desk.config.trusted).add(anchor)
    desk.now = datetime.now(UTC).replace(microsecond=0)
    return desk


@dataclass
class InProcess:
    """Whoever signs, with a real key but no child; what it was asked for is counted."""

    pki: Any
    clock: Any
    name: str = "agency"
    acts: list[str] = field(default_factory=list)
    wishes: list[Any] = field(default_factory=list)
    trouble: Any = None  # an error to be raised instead
    unseen: Any = None  # why nothing shows on the page
    own: set[str] = field(default_factory=set)  # fingerprints of the node's own certificates

    def sign(self, source, target, wish, *, digest=None):
        """Sign one file, unless it is another than was judged."""
        self.wishes.append(wish)
        if self.trouble is not None:
            raise self.trouble
        content, at = source.read_bytes(), self.clock()
        if stored(content).digest != digest:
            raise NotSignable(say("the file was changed"))
        if content.startswith(b"PK"):
            made = office.signed(content, self.pki.signer(self.name), at=at, stamp=self.pki.stamp)
        else:
            free = f"Signature{content.count(b'/ByteRange')}"
            made = our_sign(content, self.pki, self.name, level="B-T", at=at, field=free)
        self.acts.append(source.name)
        durable.write(target, made)
        return Act(
            file=source.name,
            key="seal-2026",
            subject="Văn thư",
            fingerprint="ab" * 32,
            at=at,
            level=wish.level,
            stamped_by="TSA",
            stamped_at=at,
            operator=wish.operator,
            basis=wish.basis,
            unseen=self.unseen,
            stored=stored(made),
        )

    def own_certificates(self):
        """Return what it was told."""
        return frozenset(self.own)

    def tidy(self):
        """Nothing is kept."""


def sealing(desk: Desk, pki: Any, **told: Any) -> InProcess:
    """Have a desk's drops signed by a key in this process, from its next start on as well."""
    signs = InProcess(pki, lambda: desk.now, **told)
    signed_by(desk, signs)
    return signs


def signed_by(desk: Desk, signs: Any) -> None:
    """Let it be this one who signs; again after each start of the node."""
    intake = desk.flows["intake"]
    signatures = replace(intake.packing.signatures, signs=signs)
    packing = replace(intake.packing, signatures=signatures)
    desk.flows["intake"] = replace(intake, packing=packing)


def send(desk: Desk, to: Desk, files: dict[str, bytes], name: str = "12", **sheet: Any) -> Path:
    """Drop a bundle of these files, the first of them the document itself."""
    return desk.drop(name, files, **a_sheet(*files, to=to.code, number=name, **sheet))


def sent(world, desk: Desk) -> list[dict[str, bytes]]:
    """Return the attachments of each document the axis got from a desk, by their names."""
    return [_attachments(package) for package in world.packages(desk.code)]


def day_of(desk: Desk) -> str:
    """Return the folder below sent/ and failed/ of the last day on which anything was filed."""
    filed = [day for kind in ("sent", "failed") for day in desk.exchange.glob(f"{kind}/*/*/*")]
    return max("/".join(day.parts[-3:]) for day in filed)  # midnight may have passed since


def _attachments(package: bytes) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        read = packages.read(package, Path(folder))
        return {file.name: file.path.read_bytes() for file in read.files}
