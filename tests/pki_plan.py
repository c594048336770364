"""Who is in the test infrastructure of `pki.py`: names, keys, certificates, for certomancer."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

BEGUN = datetime(2020, 1, 1, tzinfo=UTC)
ENDS = datetime(2045, 1, 1, tzinfo=UTC)
SOON_OVER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5, hours=2)
EXPIRED_AT = datetime(2024, 1, 1, tzinfo=UTC)
REVOKED_SINCE = datetime(2025, 6, 1, tzinfo=UTC)
NOT_BEFORE = datetime(2044, 1, 1, tzinfo=UTC)

AGENCY_CODE = "000.00.01.H29"
AGENCY_NAME = "Sở Nông nghiệp và Môi trường Thành phố Hồ Chí Minh"  # 50 characters, 67 bytes
PERSON_NAME = "Nguyễn Thị Thùy Dương"

AUTHORITIES = ("tsa", "expired-tsa", "unfit-tsa", "stranger-tsa")
ISSUERS = {"issuing-2": "root-2", "issuing-1": "root-1"}

# Who has which key: the kind of it, or the name of whoever's key it is too.
KEYS = {
    "root-1": "rsa2048",
    "root-2": "p384",
    "issuing-1": "rsa2048",
    "issuing-2": "p256",
    "stranger-root": "p256",
    "ocsp": "p256",
    "tsa": "rsa2048",
    "rsa2048": "rsa2048",
    "rsa3072": "file",
    "rsa4096": "file",
    "p256": "p256",
    "p384": "p384",
    "person": "rsa2048",
    "agency": "rsa2048",
    "weak": "rsa1024",
    "spare": "p256",
}


def architecture(url):
    """Return what certomancer reads from its YAML."""
    keys = {name: {"path": f"{name}.key.pem"} for name in KEYS}
    repositories = (*ISSUERS, *ISSUERS.values())
    return {
        "external-url-prefix": url,
        "keysets": {"keys": {"keys": keys}},
        "pki-architectures": {
            "gov": {
                "keyset": "keys",
                "entity-defaults": {"country-name": "VN"},
                "entities": _entities(),
                "certs": certificates(),
                "services": {
                    "ocsp": {"ocsp": {"for-issuer": "issuing-2", "responder-cert": "ocsp"}},
                    "crl-repo": {
                        name: {
                            "for-issuer": name,
                            "signing-key": name,
                            "simulated-update-schedule": "P7D",
                        }
                        for name in repositories
                    },
                    "cert-repo": {
                        name: {"for-issuer": name, "publish-issued-certs": True}
                        for name in repositories
                    },
                    "time-stamping": {
                        name: {
                            "signing-cert": name,
                            "signing-key": "tsa",
                            "certs-to-embed": [] if name == "stranger-tsa" else ["issuing-2"],
                        }
                        for name in AUTHORITIES
                    },
                },
            }
        },
    }


def _entities():
    """Return the names: organisation and common name, in the Government's manner."""
    cipher = "Ban Cơ yếu Chính phủ"
    names = {
        "root-1": "Cơ quan chứng thực số gốc",
        "root-2": "Cơ quan chứng thực số gốc G2",
        "issuing-1": "Cơ quan chứng thực số chuyên dùng Chính phủ",
        "issuing-2": "Cơ quan chứng thực số chuyên dùng Chính phủ G2",
        "stranger-root": "Nobody's Root",
        "ocsp": "OCSP",
    }
    entities = {
        name: {"organization-name": cipher, "common-name": common}
        for name, common in names.items()
    }
    for name in AUTHORITIES:
        entities[name] = {"organization-name": cipher, "common-name": f"Time {name}"}
    for name in _leaves():
        entities[name] = {"organization-name": AGENCY_NAME, "common-name": f"Signer {name}"}
    entities["person"] |= {"common-name": PERSON_NAME, "title": "Phó Giám đốc"}
    entities["agency"] |= {"common-name": AGENCY_NAME, "user-id": AGENCY_CODE}
    entities["soon-over"] |= {"common-name": AGENCY_NAME, "user-id": AGENCY_CODE}
    return entities


BOTH = ("digital_signature", "non_repudiation")


def _leaves():
    """Return what is special about each signer."""
    revoked = {"revoked-since": REVOKED_SINCE.isoformat(), "reason": "key_compromise"}
    return {
        "rsa2048": {},
        "rsa3072": {},
        "rsa4096": {},
        "p256": {},
        "p384": {},
        "person": {},
        "agency": {"usage": ["non_repudiation"]},
        "first-generation": {"issuer": "issuing-1", "key": "rsa2048"},
        "signature-only": {"usage": ["digital_signature"]},
        "revoked": {"more": {"revocation": revoked}},
        "expired": {"until": EXPIRED_AT},
        "soon-over": {"until": SOON_OVER},
        "not-yet-valid": {"since": NOT_BEFORE},
        "tls-only": {
            "usage": ["digital_signature", "key_encipherment"],
            "purposes": ["server_auth"],
        },
        "weak": {},
        "sha1": {"key": "rsa2048", "more": {"digest-algo": "sha1"}},
        "unlisted": {"listed": False},
        "stranger": {"issuer": "stranger-root", "listed": False},
    }


def certificates():
    """Return every certificate, as certomancer reads them."""
    authority = functools.partial(_certificate, usage=["key_cert_sign", "crl_sign"], ca=True)
    made = {
        root: authority(root, root, listed=False) for root in ("root-1", "root-2", "stranger-root")
    }
    made |= {name: authority(name, root) for name, root in ISSUERS.items()}
    made["ocsp"] = _certificate("ocsp", "issuing-2", purposes=["ocsp_signing"], listed=False)
    made["ocsp"]["extensions"].append({"id": "ocsp_no_check"})
    stamping = functools.partial(
        _certificate, key="tsa", usage=["digital_signature"], purposes=["time_stamping"]
    )
    made["tsa"] = stamping("tsa", "issuing-2")
    made["expired-tsa"] = stamping("expired-tsa", "issuing-2", until=EXPIRED_AT)
    made["unfit-tsa"] = stamping("unfit-tsa", "issuing-2", critical=False)
    made["stranger-tsa"] = stamping("stranger-tsa", "stranger-root", listed=False)
    for name, special in _leaves().items():
        made[name] = _certificate(name, **{"issuer": "issuing-2", **special})
    return made


def _certificate(  # noqa: PLR0913 - a certificate has that many sides
    name,
    issuer,
    *,
    key=None,
    since=BEGUN,
    until=ENDS,
    usage=BOTH,
    purposes=(),
    critical=True,
    ca=False,
    listed=True,
    more=None,
):
    """Return one certificate; without ``listed`` it names no place where revocation is told."""
    extensions = [
        {
            "id": "key_usage",
            "critical": True,
            "smart-value": {"schema": "key-usage", "params": list(usage)},
        }
    ]
    if ca:
        extensions.append({"id": "basic_constraints", "critical": True, "value": {"ca": True}})
    if purposes:
        extended = {"id": "extended_key_usage", "critical": critical, "value": list(purposes)}
        extensions.append(extended)
    if listed:
        access = {"ca-issuer-links": [{"repo": issuer}]}
        if issuer == "issuing-2":
            access["ocsp-responder-names"] = ["ocsp"]
        extensions += [
            {
                "id": "crl_distribution_points",
                "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": [issuer]}},
            },
            {
                "id": "authority_information_access",
                "smart-value": {"schema": "aia-urls", "params": access},
            },
        ]
    return {
        "subject": name,
        "subject-key": key or (name if name in KEYS else "spare"),
        "issuer": issuer,
        "validity": {"valid-from": since.isoformat(), "valid-to": until.isoformat()},
        "extensions": extensions,
        **(more or {}),
    }
