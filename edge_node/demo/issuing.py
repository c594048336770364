"""
The demo's own certificate authority: a root, who issues under it, and what it says of revocation.

Built in the Government's manner: a root, an issuing authority under it, seals of agencies with
the agency's code in the subject and nonRepudiation as their only use. Nobody else believes it. The
private keys of the authorities live in the memory of one process and end with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs12,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

_HOUSE: Final = "Ban Cơ yếu Mẫu (thử nghiệm)"
_ROOT: Final = "Chứng thực gốc (thử nghiệm)"
_ISSUING: Final = "Chứng thực chuyên dùng (thử nghiệm)"
_STAMPING: Final = "Dấu thời gian (thử nghiệm)"
_ANSWERING: Final = "OCSP (thử nghiệm)"

_BEFORE: Final = timedelta(hours=1)  # nobody's clock is that far behind the demo's
_AUTHORITY_LASTS: Final = timedelta(days=730)
_HOLDER_LASTS: Final = timedelta(days=365)
_ANSWER_HOLDS: Final = timedelta(days=1)

# Where the answers are served, below the address of the server.
ISSUER_PATH, OCSP_PATH = "/issuing.crt", "/ocsp"
ROOT_LIST_PATH, ISSUING_LIST_PATH = "/root.crl", "/issuing.crl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whoever holds a certificate, and the key it speaks of."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        """The certificate, DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate, PEM."""
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(slots=True, kw_only=True)
class Certifier:
    """The root, the issuing authority and its two servants; nobody it certified is revoked."""

    url: str
    root: Holder
    issuing: Holder
    answering: Holder
    stamping: Holder
    _issued: dict[int, x509.Certificate]

    @classmethod
    def founded(cls, url: str, now: datetime) -> Certifier:
        """Make everybody's key and certificate; ``url`` is where answers will be served."""
        root_key, issuing_key = _new_key(), _new_key()
        root = _signed(_authority(_ROOT, root_key, now), _ROOT, root_key, root_key)
        builder = _told_of(_authority(_ISSUING, issuing_key, now, below=0), url, ROOT_LIST_PATH)
        issuing = _signed(builder, _ROOT, root_key, issuing_key)
        founded = cls(
            url=url,
            root=root,
            issuing=issuing,
            answering=_servant(issuing, _ANSWERING, ExtendedKeyUsageOID.OCSP_SIGNING, now),
            stamping=_servant(issuing, _STAMPING, ExtendedKeyUsageOID.TIME_STAMPING, now, url),
            _issued={},
        )
        founded._enter(founded.stamping)
        return founded

    def seal(self, code: str, name: str, now: datetime) -> Holder:
        """Certify an agency: its name, and its code as user id."""
        key = _new_key()
        subject = _name(name, organization=name, code=code)
        builder = _leaf(subject, key, now).add_extension(_usage(commits=True), critical=True)
        holder = _signed(_told_of(builder, self.url), _ISSUING, self.issuing.key, key)
        self._enter(holder)
        return holder

    def exported(self, holder: Holder, password: str) -> bytes:
        """Return key, certificate and chain as a PKCS #12 file."""
        return pkcs12.serialize_key_and_certificates(
            b"edge-node demo",
            holder.key,
            holder.certificate,
            [self.issuing.certificate],
            BestAvailableEncryption(password.encode()),
        )

    def answer(self, request: bytes, now: datetime) -> bytes:
        """Return the OCSP answer (DER) to a request (DER); ValueError for what is none."""
        asked = ocsp.load_der_ocsp_request(request)
        known = self._issued.get(asked.serial_number)
        if known is None:
            refusal = ocsp.OCSPResponseStatus.UNAUTHORIZED
            return _der(ocsp.OCSPResponseBuilder.build_unsuccessful(refusal))
        builder = ocsp.OCSPResponseBuilder(
            responder_id=(self.answering.certificate, ocsp.OCSPResponderEncoding.HASH),
            certs=[self.answering.certificate],
        ).add_response(
            cert=known,
            issuer=self.issuing.certificate,
            algorithm=asked.hash_algorithm,
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=now,
            next_update=now + _ANSWER_HOLDS,
            revocation_time=None,
            revocation_reason=None,
        )
        return _der(builder.sign(self.answering.key, hashes.SHA256()))

    def revoked(self, issuer: Holder, now: datetime) -> bytes:
        """Return the list of what an issuer revoked (DER): it is empty."""
        key_of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(now)
            .next_update(now + _ANSWER_HOLDS)
            .add_extension(key_of_issuer, critical=False)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        )
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _enter(self, holder: Holder) -> None:
        self._issued[holder.certificate.serial_number] = holder.certificate


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(called: str, *, organization: str = _HOUSE, code: str = "") -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        x509.NameAttribute(NameOID.COMMON_NAME, called),
    ]
    if code:
        parts.append(x509.NameAttribute(NameOID.USER_ID, code))
    return x509.Name(parts)


def _leaf(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    lasts: timedelta = _HOLDER_LASTS,
) -> x509.CertificateBuilder:
    """Begin a certificate; who issues it, and for what, is still to be said."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority(
    called: str, key: ec.EllipticCurvePrivateKey, now: datetime, *, below: int | None = None
) -> x509.CertificateBuilder:
    """Begin the certificate of an authority; ``below`` is how many more may stand under it."""
    return (
        _leaf(_name(called), key, now, lasts=_AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_usage(issues=True), critical=True)
    )


def _servant(
    issuing: Holder, called: str, purpose: x509.ObjectIdentifier, now: datetime, url: str = ""
) -> Holder:
    """Certify who answers or stamps; without a ``url`` nobody is asked about that one (OCSP)."""
    key = _new_key()
    builder = (
        _leaf(_name(called), key, now)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    )
    if url:
        builder = _told_of(builder, url)
    else:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return _signed(builder, _ISSUING, issuing.key, key)


def _told_of(
    builder: x509.CertificateBuilder, url: str, list_path: str = ISSUING_LIST_PATH
) -> x509.CertificateBuilder:
    """Write into a certificate where its revocation is told, and where its issuer's lies."""
    point = x509.DistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url + list_path)],
        relative_name=None,
        reasons=None,
        crl_issuer=None,
    )
    builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    if list_path != ISSUING_LIST_PATH:
        return builder
    access = AuthorityInformationAccessOID
    places = ((access.OCSP, OCSP_PATH), (access.CA_ISSUERS, ISSUER_PATH))
    return builder.add_extension(
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(method, x509.UniformResourceIdentifier(url + path))
                for method, path in places
            ]
        ),
        critical=False,
    )


def _signed(
    builder: x509.CertificateBuilder,
    issuer: str,
    issuing_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
) -> Holder:
    key_of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key.public_key())
    finished = builder.issuer_name(_name(issuer)).add_extension(key_of_issuer, critical=False)
    return Holder(certificate=finished.sign(issuing_key, hashes.SHA256()), key=key)


def _usage(*, issues: bool = False, commits: bool = False) -> x509.KeyUsage:
    """Say what a key is for: to issue, to commit an agency (nonRepudiation), or to sign."""
    return x509.KeyUsage(
        digital_signature=not issues and not commits,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )


def _der(answer: ocsp.OCSPResponse) -> bytes:
    return answer.public_bytes(Encoding.DER)
