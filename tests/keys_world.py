"""
An agency with keys, for tests of commands: a configuration, authorities that are believed, files.

    agency = Agency(tmp_path, pki, code=AGENCY_CODE)
    agency.believe()                       # both generations of roots
    agency.has(agency.file("agency"), agency.file("expired"), agency.token(token))
    agency.run("cert", "check")            # `edge-node -c CONFIG cert check`
"""

from __future__ import annotations

import json

import yaml
from system_world import edge_node, on_a_terminal

from edge_node.adapters.anchors import Anchors, certificates_in

PASSWORD = "mật khẩu"


class Agency:
    """The configuration of one agency, and what it names."""

    def __init__(self, folder, pki, *, code="H37.02", **signing):
        """Lay down a configuration that asks this machine about certificates and time."""
        self.folder = folder
        self.pki = pki
        self.data = folder / "data"
        self.config = folder / "config.yaml"
        self.data.mkdir()
        self.told = {
            "agency": {"code": code, "name": "Sở Mẫu"},
            "axis": {"url": "http://127.0.0.1:1", "secret_file": str(folder / "secret")},
            "folders": {"data": str(self.data)},
            "trust": {"private": ["127.0.0.0/8"], "timeout": "20s"},
            "stamps": {"servers": [{"url": pki.tsa_url}], "timeout": "20s"},
            "signing": {"operator": "Văn thư", "basis": "Quy chế 12", **signing},
        }
        self.written()

    def written(self):
        """Write the configuration as it stands."""
        text = yaml.safe_dump(self.told, allow_unicode=True, sort_keys=False)
        self.config.write_text(text, encoding="utf-8")

    def believe(self):
        """Pin the roots; return the agency."""
        anchors = Anchors(self.data / "trust")
        for root in self.pki.roots:
            anchors.add(*certificates_in(root))
        return self

    def has(self, *keys):
        """Configure these keys; return the agency."""
        self.told["signing"]["keys"] = list(keys)
        self.written()
        return self

    def file(self, name, *, password=PASSWORD, of=""):
        """Lay a key down as PKCS #12, with its password; return it as configured."""
        self.secret(name, password)
        path = self.folder / f"{name}.p12"
        path.touch(mode=0o600)
        path.write_bytes(self.pki.signer(of or name).pkcs12(PASSWORD))
        return {
            "name": name,
            "pkcs12": f"{name}.p12",
            "password_file": f"{name}.password",
        }

    def pem(self, name):
        """Return a key of PEM files, as configured."""
        signer = self.pki.signer(name)
        return {
            "name": name,
            "pem": str(signer.key_path),
            "certificates": str(signer.certificate_path),
        }

    def token(self, token, *, pin=""):
        """Return the key of a token, as configured."""
        self.secret("token", pin or token.pin)
        return {
            "name": "token",
            "module": token.module,
            "token": token.label,
            "environment": token.environment,
            "password_file": "token.password",
        }

    def secret(self, name, text):
        """Write a password down for a key."""
        path = self.folder / f"{name}.password"
        path.write_text(text)
        path.chmod(0o600)

    def run(self, *arguments, **environ):
        """Run a command of the agency's node to its end."""
        return edge_node("-c", self.config, *arguments, **environ)

    def shown(self, *arguments, **environ):
        """Return the lines a command shows on a terminal of 80 columns."""
        return on_a_terminal("-c", self.config, *arguments, **environ)

    def values(self, *arguments):
        """Return what a command says with --json."""
        return [json.loads(line) for line in self.run(*arguments, "--json").stdout.splitlines()]
