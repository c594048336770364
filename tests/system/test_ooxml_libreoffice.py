from __future__ import annotations

import json
import subprocess
from pathlib import Path

import needs
import office
import pytest
from office import NOW, changed, signed

pytestmark = pytest.mark.slow

ASKING = Path(__file__).parent.parent / "uno_signatures.py"
SAMPLES = Path(__file__).parent.parent / "data" / "documents"


def asked_of_libreoffice(folder, contents):
    """Return what LibreOffice says of each file: of each signature whether it is valid."""
    needs.program("soffice", "libreoffice-writer-nogui and python3-uno")
    paths = []
    for name, content in contents.items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    done = subprocess.run(
        ["/usr/bin/python3", ASKING, folder, *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return dict(zip(contents, ([valid for valid, _ in one] for one in told), strict=True))


@pytest.mark.sound
def test_libreoffice_accepts_what_was_signed_and_refuses_what_was_changed(pki, tmp_path):
    """Each format and kind of key, stamped or not, once and twice; and its own files as well."""
    stamp, contents = pki.stamp, {}
    for form, make in office.FORMATS.items():
        for name in ("rsa2048", "rsa3072", "rsa4096", "p256", "p384"):
            once = signed(make(), pki.signer(name), stamp=stamp)
            contents[f"{name}-once.{form}"] = once
            contents[f"{name}-twice.{form}"] = signed(once, pki.signer("agency"), at=NOW)
    for sample in ("libreoffice.docx", "libreoffice.xlsx"):
        content = (SAMPLES / sample).read_bytes()
        contents[sample] = signed(content, pki.signer("rsa2048"))
    altered = changed(contents["p256-once.docx"], {"word/styles.xml": b"<other/>"})
    contents["altered.docx"] = altered

    found = asked_of_libreoffice(tmp_path, contents)

    expected = {name: [True] * (2 if "twice" in name else 1) for name in contents}
    assert found == expected | {"altered.docx": [False]}
