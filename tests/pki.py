"""
A public key infrastructure for tests, as the Government's looks: certomancer on 127.0.0.1.

Made once a session (fixture `pki` in conftest.py), in about a second:

    def test_a_thing(pki):
        signer = pki.signer("rsa2048")
        signer.certificate      # DER of the leaf
        signer.chain            # DERs from its issuer upwards, without the root
        signer.key              # a private key of `cryptography`
        signer.pkcs12("secret")                # key, certificate and chain; AES
        signer.pkcs12("secret", form="3des")   # or "rc2": as old exports are
        signer.key_path, signer.certificate_path, signer.chain_path    # PEM files
        signer.issuer.certificate, signer.serial

        pki.roots               # DERs to pin: of the first and the second generation
        pki.intermediates       # DERs of both issuing authorities
        pki.ca_path             # PEM file of `roots`, for openssl -CAfile
        pki.tsa_url, pki.expired_tsa_url, pki.unfit_tsa_url, pki.stranger_tsa_url   # POST here
        pki.stamp(request_der)             # what `tsa_url` answers, without the network
        pki.stamp(request_der, at=moment, tsa="expired-tsa")
        pki.ocsp("rsa2048", at=moment)     # DER of an OCSP answer, without the network
        pki.crl("issuing-2", at=moment)    # DER of a CRL, likewise ("issuing-1", "root-1" ...)
        pki.softhsm(folder, "rsa2048", "p256")    # a Token with both keys: tests/softhsm.py

Everything is served at the urls the certificates name too (OCSP, CRL, issuer); a request may say
`X-Certomancer-Fake-Time: 2023-01-01T00:00:00Z` to be answered as of then.

Signers, all of the second generation and valid from BEGUN to ENDS where nothing else is said:

    rsa2048 rsa3072 rsa4096 p256 p384   plain ones, digitalSignature and nonRepudiation
    person               a person: title and agency in the subject
    agency               a seal: AGENCY_NAME, longer than 64 bytes but not characters, and
                         AGENCY_CODE as user id; nonRepudiation only, as the Government issues.
                         AGENCY_NAME is every leaf's organisation: reading such a name by
                         `cryptography` warns (an error here), by asn1crypto it does not
    first-generation     issued under the older root
    signature-only       digitalSignature only
    revoked              revoked since REVOKED_SINCE (key compromise)
    expired              ran out at EXPIRED_AT
    soon-over            runs out at SOON_OVER, 5 days after the tests began; the agency's code
    not-yet-valid        valid from NOT_BEFORE
    tls-only             key usage and extended key usage of a TLS server
    weak                 RSA of 1024 bits
    sha1                 its certificate was signed by SHA-1
    unlisted             names neither an OCSP responder nor a CRL
    stranger             of a root nobody pinned (`pki.stranger_root`)

Stamping authorities: tsa (tsa_url), expired-tsa (ran out at EXPIRED_AT; still answers),
unfit-tsa (extended key usage not critical), stranger-tsa (of the unpinned root).
"""

from __future__ import annotations

import functools
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from asn1crypto import ocsp, tsp
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import CertomancerConfig
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.ocsp import OCSPRequestBuilder
from pki_plan import (
    AGENCY_CODE,
    AGENCY_NAME,
    AUTHORITIES,
    BEGUN,
    ENDS,
    EXPIRED_AT,
    ISSUERS,
    KEYS,
    NOT_BEFORE,
    PERSON_NAME,
    REVOKED_SINCE,
    architecture,
    certificates,
)
from softhsm import make_token

__all__ = [
    "AGENCY_CODE",
    "AGENCY_NAME",
    "BEGUN",
    "ENDS",
    "EXPIRED_AT",
    "NOT_BEFORE",
    "PERSON_NAME",
    "REVOKED_SINCE",
    "Pki",
    "Signer",
]

PEM_KEYS = Path(__file__).parent / "data" / "keys"  # slow to make; of no worth but to tests


@dataclass(frozen=True)
class Signer:
    """Whoever holds a certificate of the infrastructure, with all that belongs to it."""

    name: str
    certificate: bytes
    chain: tuple[bytes, ...]
    key_path: Path
    certificate_path: Path
    chain_path: Path
    issuer: Signer | None = field(repr=False)

    @functools.cached_property
    def key(self):
        """The private key, of `cryptography`."""
        pem = self.key_path.read_bytes()
        return load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)

    @property
    def serial(self):
        """The serial number of the certificate."""
        return x509.load_der_x509_certificate(self.certificate).serial_number

    @property
    def key_pem(self):
        """The private key as unencrypted PKCS #8."""
        return self.key_path.read_bytes()

    def pem(self, password):
        """Return the private key as PKCS #8 under a password."""
        secrecy = BestAvailableEncryption(password.encode())
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secrecy)

    def pkcs12(self, password, *, form="aes", chain=None):
        """Return a PKCS #12 file: `aes`, or `3des` or `rc2` as older programs export them."""
        if form == "aes":
            return pkcs12.serialize_key_and_certificates(
                self.name.encode(),
                self.key,
                x509.load_der_x509_certificate(self.certificate),
                [x509.load_der_x509_certificate(one) for one in chain or self.chain] or None,
                BestAvailableEncryption(password.encode()) if password else NoEncryption(),
            )
        ciphers = {
            "3des": ["PBE-SHA1-3DES", "PBE-SHA1-3DES"],
            "rc2": ["PBE-SHA1-3DES", "PBE-SHA1-RC2-40"],
        }
        key, certificates = ciphers[form]
        command = ["openssl", "pkcs12", "-export", "-legacy", "-macalg", "sha1"]
        command += ["-keypbe", key, "-certpbe", certificates, "-passout", f"pass:{password}"]
        command += ["-inkey", self.key_path, "-in", self.certificate_path]
        command += ["-certfile", self.chain_path] if self.chain else []
        return subprocess.run(command, check=True, capture_output=True).stdout


class Pki:
    """The infrastructure: who is in it, and where it is asked."""

    def __init__(self, folder):
        """Make the keys below ``folder`` and serve on a free port; `close` ends it."""
        self.folder = Path(folder)
        self._server = _Server(("127.0.0.1", 0), _Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        _make_keys(self.folder)
        config = CertomancerConfig(
            architecture(self.url), key_search_dir=str(self.folder), lazy_load_keys=True
        )
        self._arch = config.get_pki_arch("gov")
        self._server.set_app(Animator(AnimatorArchStore(config.pki_archs), with_web_ui=False))
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.roots = tuple(self.signer(name).certificate for name in ("root-1", "root-2"))
        self.intermediates = tuple(self.signer(name).certificate for name in ISSUERS)
        self.stranger_root = self.signer("stranger-root").certificate
        self.ca_path = self.folder / "roots.pem"
        self.ca_path.write_bytes(b"".join(map(_pem, self.roots)))

    def close(self):
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __getattr__(self, name):
        """Return the url of a stamping authority: `tsa_url`, `expired_tsa_url` ..."""
        authority = name.removesuffix("_url").replace("_", "-")
        if name.endswith("_url") and authority in AUTHORITIES:
            return f"{self.url}/gov/tsa/{authority}"
        raise AttributeError(name)

    @functools.cached_property
    def signers(self):
        """The names that `signer` knows, the authorities among them."""
        return tuple(certificates())

    @functools.cache  # noqa: B019 - as long as the session
    def signer(self, name):
        """Return a signer (or an authority) by its name; the module's docstring lists them."""
        certificate = self._arch.get_cert(name).dump()
        spec = self._arch.get_cert_spec(name)
        issuer = None if spec.issuer == name else self.signer(spec.issuer)
        chain = () if issuer is None else (issuer.certificate, *issuer.chain)
        if issuer is not None and issuer.issuer is None:
            chain = ()  # the root itself is nobody's companion
        key_path = self.folder / f"{spec.subject_key}.key.pem"
        certificate_path = self.folder / f"{name}.crt.pem"
        certificate_path.write_bytes(_pem(certificate))
        chain_path = self.folder / f"{name}.chain.pem"
        chain_path.write_bytes(b"".join(map(_pem, chain)))
        return Signer(
            name=name,
            certificate=certificate,
            chain=chain,
            key_path=key_path,
            certificate_path=certificate_path,
            chain_path=chain_path,
            issuer=issuer,
        )

    def stamp(self, request, *, at=None, tsa="tsa"):
        """Answer a time-stamp request (DER in, DER out) as of ``at``, without the network."""
        stamper = self._arch.service_registry.summon_timestamper(tsa, at or _now())
        return stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump()

    def ocsp(self, name, *, at=None):
        """Return the OCSP answer about a signer as of ``at``, DER, without the network."""
        signer = self.signer(name)
        request = OCSPRequestBuilder().add_certificate(
            x509.load_der_x509_certificate(signer.certificate),
            x509.load_der_x509_certificate(signer.issuer.certificate),
            hashes.SHA1(),  # noqa: S303 - what responders are asked by
        )
        der = request.build().public_bytes(Encoding.DER)
        responder = self._arch.service_registry.summon_responder("ocsp", at or _now())
        return responder.build_ocsp_response(ocsp.OCSPRequest.load(der)).dump()

    def crl(self, issuer="issuing-2", *, at=None):
        """Return the list of what an authority has revoked as of ``at``, DER."""
        return self._arch.service_registry.get_crl(issuer, at or _now()).dump()

    def softhsm(self, folder, *names, **told):
        """Make a SoftHSM token in ``folder`` with the keys of the named signers: a `Token`."""
        return make_token(folder, [self.signer(name) for name in names], **told)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Stay quiet: clients hang up in the middle here."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format, *args):  # noqa: A002 - its name in the base
        """Keep the test's output clean."""


def _now():
    return datetime.now(UTC)


def _pem(der):
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _make_keys(folder):
    for name, kind in KEYS.items():
        path = folder / f"{name}.key.pem"
        path.touch(mode=0o600)
        if kind == "file":
            path.write_bytes((PEM_KEYS / f"{name}.pem").read_bytes())
            continue
        curves = {"p256": ec.SECP256R1, "p384": ec.SECP384R1}
        if kind in curves:
            key = ec.generate_private_key(curves[kind]())
        else:
            key = rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
