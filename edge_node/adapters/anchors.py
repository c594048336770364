"""
The authorities that are believed: a folder with one certificate a file, pinned by a person.

A file is called after the SHA-256 of its certificate, so that nothing else can be put under its
name; the folder is ours alone, because whoever writes there decides whose signatures hold. Roots
and intermediates lie side by side and are told apart by what they are: several generations of an
authority may be believed at once. What is made of them is `edge_node.notary.chain`'s affair.
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import (
    disk_errors,
    private_folder,
    shown,
    sweep,
    sync_folder,
    write,
)
from edge_node.adapters.steps import Step, passing
from edge_node.domain.errors import NotAllowed, Outage, UnknownItem, WithProblems
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from asn1crypto import x509

    from edge_node.domain.message import Message
    from edge_node.domain.signature import CertificateFacts

LARGEST: Final = 1 << 20  # bytes of a file that is added; a bundle of all there are is smaller
_PRIVATE, _OTHERS_WRITE = 0o600, 0o022
_NAME: Final = re.compile(r"[0-9a-f]{64}\.pem")
_SHORTEST: Final = 8  # hexadecimal digits that name a certificate here, where no other has them
_NOT_ASN1: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


class AnchorRefused(WithProblems, NotAllowed):
    """A file does not hold the certificate of an authority that can be believed."""


class AnchorsUnsound(Outage):
    """What lies in the folder is not what was put there: nobody is believed until it is mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """An authority's certificate: a root where it vouches for itself, else an intermediate."""

    facts: CertificateFacts
    root: bool
    der: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """Everybody who is believed, in DER."""

    roots: tuple[bytes, ...] = ()
    intermediates: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchors:
    """The folder; it is made when the first certificate is added."""

    folder: Path

    def all(self) -> list[Anchor]:
        """Return everybody who is believed, roots first; AnchorsUnsound for what is not ours."""
        found = [self._read(path) for path in self._files()]
        return sorted(
            found, key=lambda one: (not one.root, one.facts.subject, one.facts.not_after)
        )

    def as_they_lie(self) -> list[bytes]:
        """Return the certificates (DER) without reading what is in them; AnchorsUnsound."""
        return [self._content(path) for path in self._files()]

    def pinned(self) -> Pinned:
        """Return the certificates a verdict starts from; AnchorsUnsound for what is not ours."""
        found = self.all()
        return Pinned(
            roots=tuple(one.der for one in found if one.root),
            intermediates=tuple(one.der for one in found if not one.root),
        )

    def find(self, fingerprint: str) -> Anchor:
        """Return the one whose fingerprint begins so; UnknownItem where none or several do."""
        wanted = plain_fingerprint(fingerprint)
        found = [one for one in self.all() if one.facts.fingerprint.startswith(wanted)]
        if len(wanted) < _SHORTEST or len(found) != 1:
            raise UnknownItem(
                say("no certificate here goes by the fingerprint {start}", start=fingerprint),
                hint=say("`edge-node trust list` shows them; give the first 8 digits or more"),
            )
        return found[0]

    def add(self, anchor: Anchor) -> bool:
        """Believe an authority from now on, durably; False where that was so already."""
        path = self._path(anchor)
        private_folder(self.folder)
        with disk_errors(self.folder):
            sweep(self.folder)
            if path.exists():
                self._read(path)
                return False
        from asn1crypto import pem  # noqa: PLC0415 - only where one is added

        write(path, pem.armor("CERTIFICATE", anchor.der), mode=_PRIVATE)
        return True

    def remove(self, fingerprint: str) -> Anchor:
        """Believe an authority no longer, durably; UnknownItem where nobody did."""
        anchor = self.find(fingerprint)
        path = self._path(anchor)
        with disk_errors(self.folder), passing(Step.REMOVE, path):
            path.unlink()
        sync_folder(self.folder)
        return anchor

    def _path(self, anchor: Anchor) -> Path:
        return self.folder / f"{anchor.facts.fingerprint}.pem"

    def _files(self) -> list[Path]:
        with disk_errors(self.folder):
            if not self.folder.exists():
                return []
            self._demand_ours(self.folder)
            return [path for path in self.folder.iterdir() if not path.name.startswith(".")]

    def _demand_ours(self, path: Path) -> None:
        """Refuse what somebody else may have written: that decides whose signatures hold."""
        with disk_errors(path):
            found, above = path.lstat(), self.folder.parent.stat()
        owners = {0, os.geteuid()}
        if os.geteuid() == 0:  # whose command is given to the node of whom the folder is
            owners.add(above.st_uid)
        whole = stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)
        if not whole or found.st_mode & _OTHERS_WRITE or found.st_uid not in owners:
            raise _unsound(say("others than this node may write {path}", path=shown(path)))

    def _content(self, path: Path) -> bytes:
        """Return the DER of a file that holds what it is named after; AnchorsUnsound."""
        self._demand_ours(path)
        with disk_errors(path), path.open("rb") as file:
            content = file.read(LARGEST)
        try:
            der = ssl.PEM_cert_to_DER_cert(content.decode("ascii").strip())
        except ValueError as error:
            raise _unsound(
                say("{path} does not hold one certificate", path=shown(path))
            ) from error
        if f"{hashlib.sha256(der).hexdigest()}.pem" != path.name:
            raise _unsound(
                say("{path} holds another certificate than it is named after", path=shown(path))
            )
        return der

    def _read(self, path: Path) -> Anchor:
        if not _NAME.fullmatch(path.name):
            raise _unsound(
                say("{path} was not put there by `edge-node trust add`", path=shown(path))
            )
        self._demand_ours(path)
        with disk_errors(path), path.open("rb") as file:
            content = file.read(LARGEST)
        try:
            (found,) = certificates_in(content)
        except (AnchorRefused, ValueError) as error:
            raise _unsound(
                say("{path} does not hold one certificate", path=shown(path))
            ) from error
        if f"{found.facts.fingerprint}.pem" != path.name:
            raise _unsound(
                say("{path} holds another certificate than it is named after", path=shown(path))
            )
        return found


def certificates_in(content: bytes) -> list[Anchor]:
    """Return the certificates in a file (PEM, DER or PKCS #7); AnchorRefused if it has none."""
    from edge_node.notary.certificates import bundled, facts  # noqa: PLC0415 - ASN.1 comes with it

    try:
        found = [
            Anchor(facts=facts(one), root=_vouches_for_itself(one), der=one.dump())
            for one in bundled(content)
        ]
    except _NOT_ASN1 as error:
        raise _no_certificate() from error
    if not found:
        raise _no_certificate()
    return found


def chosen(found: Iterable[Anchor], fingerprint: str = "") -> Anchor:
    """Return the one of that whole fingerprint, or the only one there is; AnchorRefused."""
    found = list({one.facts.fingerprint: one for one in found}.values())
    if not fingerprint and len(found) > 1:
        raise AnchorRefused(
            say("the file holds {count} certificates", count=len(found)),
            _named(found),
            hint=say("name the one you mean: --fingerprint"),
        )
    wanted = plain_fingerprint(fingerprint)
    for one in found:
        if not fingerprint or one.facts.fingerprint == wanted:
            return one
    raise AnchorRefused(
        say("no certificate in the file has that fingerprint (SHA-256)"),
        _named(found),
        hint=say("do not add it before whoever runs the authority confirms its fingerprint"),
    )


def demand_authority(anchor: Anchor, *, now: datetime) -> None:
    """Make sure that a certificate is one of an authority, and in force; AnchorRefused."""
    from edge_node.notary.certificates import load  # noqa: PLC0415 - as above

    certificate = load(anchor.der)
    problems = [*_no_authority(certificate), *_not_in_force(anchor.facts, now)]
    if problems:
        raise AnchorRefused(
            say("{subject} cannot be believed as an authority", subject=anchor.facts.subject),
            problems,
            hint=say("add the certificate of the authority, not the one of a signer or a server"),
        )


def plain_fingerprint(written: str) -> str:
    """Return a fingerprint as it is compared: without colons and spaces, in small letters."""
    return re.sub(r"[\s:]", "", written).lower()


def _no_authority(certificate: x509.Certificate) -> Iterable[Message]:
    basic = certificate.basic_constraints_value
    if basic is None or not basic["ca"].native:
        yield say("it is not the certificate of an authority (basicConstraints)")
    usage = certificate.key_usage_value
    if usage is not None and "key_cert_sign" not in usage.native:
        yield say("it may not issue certificates (keyUsage)")


def _not_in_force(facts: CertificateFacts, now: datetime) -> Iterable[Message]:
    if now > facts.not_after:
        yield say("it ran out on {date}", date=f"{in_vietnam(facts.not_after):%Y-%m-%d}")
    if now < facts.not_before:
        yield say(
            "it is not valid before {date}; check the clock of this machine",
            date=f"{in_vietnam(facts.not_before):%Y-%m-%d}",
        )


def _vouches_for_itself(certificate: x509.Certificate) -> bool:
    """Tell whether an authority signed its certificate with the very key that is in it."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415 - only where read

    basic = certificate.basic_constraints_value
    if basic is None or not basic["ca"].native or certificate.self_signed == "no":
        return False
    try:
        itself = load_der_x509_certificate(certificate.dump())
        itself.verify_directly_issued_by(itself)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _named(found: Iterable[Anchor]) -> list[Message]:
    return [
        say(
            "{subject}: {fingerprint}",
            subject=one.facts.subject,
            fingerprint=one.facts.fingerprint,
        )
        for one in found
    ]


def _unsound(message: Message) -> AnchorsUnsound:
    return AnchorsUnsound(
        message,
        hint=say(
            "find out who wrote there, take it away, and use `edge-node trust add` to add one"
        ),
    )


def _no_certificate() -> AnchorRefused:
    return AnchorRefused(
        say("the file holds no certificate"),
        hint=say(
            "it should be one in PEM or DER, as the authority publishes it (.crt, .cer, .pem)"
        ),
    )
