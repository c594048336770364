"""
Asks LibreOffice what it makes of the signatures in office files; run by the system's Python.

    /usr/bin/python3 tests/uno_signatures.py FOLDER FILE…

FOLDER is for LibreOffice's own use. Prints one JSON list: for each file, of each of its
signatures whether it is valid and its signer. Debian: libreoffice-writer-nogui,
libreoffice-calc-nogui, libreoffice-impress-nogui, python3-uno.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

READ = 1  # com.sun.star.embed.ElementModes.READ
DEADLINE = 60  # seconds for LibreOffice to start


def main(folder, *files):
    pipe = f"edge{time.monotonic_ns()}"
    office = subprocess.Popen(
        [
            "soffice",
            "--headless",
            "--norestore",
            "--nologo",
            f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}",
            f"--accept=pipe,name={pipe};urp;",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        context = connected(pipe)
        sys.stdout.write(json.dumps([signatures(context, Path(name).resolve()) for name in files]))
        desktop = context.ServiceManager.createInstance("com.sun.star.frame.Desktop")
        desktop.terminate()
        office.wait(DEADLINE)
    finally:
        office.kill()


def connected(pipe):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    end = time.monotonic() + DEADLINE
    while True:
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def signatures(context, path):
    """Return [valid, subject of the signer] of each signature in a file."""
    services = context.ServiceManager
    storages = services.createInstance("com.sun.star.embed.StorageFactory")
    form = PropertyValue()
    form.Name, form.Value = "StorageFormat", "ZipFormat"  # OFOPXMLFormat finds no signatures
    forms = uno.Any("[]com.sun.star.beans.PropertyValue", (form,))
    asked = (path.as_uri(), READ, forms)
    storage = uno.invoke(storages, "createInstanceWithArguments", (asked,))
    checker = services.createInstanceWithContext(
        "com.sun.star.security.DocumentDigitalSignatures", context
    )
    found = checker.verifyDocumentContentSignatures(storage, None)
    return [[one.SignatureIsValid, one.Signer.SubjectName] for one in found]


main(*sys.argv[1:])
