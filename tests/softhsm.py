"""A token of SoftHSM (Debian: softhsm2, opensc) in a folder of its own, with keys in it."""

from __future__ import annotations

import functools
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11

MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@dataclass(frozen=True)
class Token:
    """
    A SoftHSM token with the keys of some signers; every object is labelled with the signer's name.

    SoftHSM reads SOFTHSM2_CONF when loaded: use `in_force`, or give `environment` to a child.
    """

    module: str
    label: str
    pin: str
    environment: dict[str, str]
    serial: str
    ids: dict[str, bytes]  # CKA_ID of each signer's key and certificate

    @contextmanager
    def in_force(self):
        """Make this token the one SoftHSM shows to this process, as plugged in."""
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ |= self.environment
        try:
            yield self
        finally:
            pkcs11.unload(self.module)
            os.environ |= {name: value for name, value in before.items() if value is not None}
            for name in (name for name, value in before.items() if value is None):
                del os.environ[name]


def make_token(folder, signers, *, pin="123456", label="edge", so_pin="87654321"):
    """Make a token with the keys and certificates of ``signers``; return it as a `Token`."""
    folder = Path(folder)
    tokens = folder / "tokens"
    tokens.mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
    environment = {"SOFTHSM2_CONF": str(settings)}
    soft = functools.partial(_run, environment, "softhsm2-util", "--module", MODULE)
    soft("--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", so_pin)
    slots = soft("--show-slots").splitlines()
    serial = next(line.split()[-1] for line in slots if "Serial number" in line)
    ids = {signer.name: bytes([number]) for number, signer in enumerate(signers, start=1)}
    for signer in signers:
        named = ["--label", signer.name, "--id", ids[signer.name].hex()]
        soft("--import", signer.key_path, "--token", label, "--pin", pin, *named)
        der = folder / f"{signer.name}.der"
        der.write_bytes(signer.certificate)
        tool = ["pkcs11-tool", "--module", MODULE, "--login", "--pin", pin]
        tool += ["--token-label", label, "--write-object", der, "--type", "cert"]
        _run(environment, *tool, *named)
    return Token(MODULE, label, pin, environment, serial, ids)


def _run(environment, *command):
    environment = os.environ | environment
    done = subprocess.run(command, check=True, capture_output=True, env=environment, text=True)
    return done.stdout
