"""
Office files for tests, signed and tampered with.

    a_docx(), an_xlsx(), a_pptx()              small files by other programs (.pptx by hand)
    signed(a_docx(), pki.signer("p256"))       the same with one more signature
    signed(..., stamp=pki.stamp)               with a time-stamp
    opened(content), packed(parts)             a ZIP as {name: bytes} and back
    changed(content, {name: bytes or None})    parts replaced, added, or taken out
    edited(content, name, old, new)            text replaced in one part, which must hold it
    streamed(content), in_large_form(content)  the same written in other forms of ZIP
    examined(content, pki)                     the FileVerdict
    by_xmlsec(content, part, folder, pki)      another program finds a signature sound
"""

from __future__ import annotations

import io
import re
import struct
import subprocess
import zipfile
from datetime import UTC, datetime
from functools import cache

import docx
import openpyxl
from lxml import etree

from edge_node.notary.keys import FileKey
from edge_node.notary.ooxml.signing import begin
from edge_node.notary.ooxml.verifying import verify
from edge_node.notary.raw import algorithm_for
from edge_node.notary.stamps import ask
from edge_node.notary.stamps import read as read_stamp
from edge_node.notary.trust import Checking, Trust

NOW = datetime(2026, 6, 1, 7, 30, tzinfo=UTC)
SIGNATURE = "_xmlsignatures/sig1.xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
END_RECORD = struct.Struct("<4s4H2LH")  # of a ZIP
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@cache
def a_docx(text="Kính gửi Sở Tài nguyên và Môi trường", link=""):
    document = docx.Document()
    document.add_paragraph(text)
    if link:
        document.part.relate_to(link, f"{OFFICE}/hyperlink", is_external=True)
    return _saved(document.save)


@cache
def an_xlsx(rows=3, columns=2):
    workbook = openpyxl.Workbook()
    for row in range(rows):
        workbook.active.append([f"{row}.{column}" for column in range(columns)])
    return _saved(workbook.save)


@cache
def a_pptx():
    """Return one empty slide: as little as a presentation can be, with blanks in its .rels."""
    kind = "application/vnd.openxmlformats-officedocument.presentationml."
    place = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    types = {"presentation": "presentation.main", "slides/slide1": "slide"}
    overrides = "".join(
        f'<Override PartName="/ppt/{name}.xml" ContentType="{kind}{each}+xml"/>'
        for name, each in types.items()
    )
    package = RELATIONSHIPS.removesuffix("relationships")
    return packed(
        {
            "[Content_Types].xml": (
                f'{_XML}<Types xmlns="{package}content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
                f'relationships+xml"/>{overrides}</Types>'
            ).encode(),
            "_rels/.rels": related(("rId1", f"{OFFICE}/officeDocument", "ppt/presentation.xml")),
            "ppt/presentation.xml": f"{_XML}<p:presentation {place}/>".encode(),
            "ppt/_rels/presentation.xml.rels": related(
                ("rId1", f"{OFFICE}/slide", "slides/slide1.xml")
            ),
            "ppt/slides/slide1.xml": f"{_XML}<p:sld {place}/>".encode(),
        }
    )


FORMATS = {"docx": a_docx, "xlsx": an_xlsx, "pptx": a_pptx}


def related(*rows):
    """Return a relationship part as some programs indent it; rows are id, type, target."""
    inner = "".join(
        f'\n  <Relationship Id="{each}" Type="{kind}" Target="{target}"/>'
        for each, kind, target in rows
    )
    return f'{_XML}<Relationships xmlns="{RELATIONSHIPS}">{inner}\n</Relationships>'.encode()


def the_key(signer):
    """Return the key of a signer of the infrastructure, as the product has it."""
    return FileKey(
        certificate=signer.certificate,
        chain=signer.chain,
        algorithm=algorithm_for(signer.key.public_key()),
        private=signer.key,
    )


def signed(content, signer, *, stamp=None, at=NOW, **more):
    """Return the file with one more signature; ``stamp`` answers time-stamp requests."""
    key, target = the_key(signer), io.BytesIO()
    draft = begin(
        io.BytesIO(content),
        certificate=key.certificate,
        chain=key.chain,
        signing_time=at,
        **more,
    )
    made = draft.signed(key.sign(draft.digest))
    token = None
    if stamp:
        request = ask(made.stamp_digest)
        token = read_stamp(stamp(request.der, at=at), request).token
    made.finish(target, token)
    return target.getvalue()


def trusting(pki, **more):
    return Trust(**{"roots": pki.roots, "checking": Checking.NEVER, **more})


def examined(content, pki, *, now=NOW, **more):
    return verify(io.BytesIO(content), trusting(pki, **more), now=now).verdict


def found_in(content, pki, verdict, sub, sentence, coverage=None):
    """Ask for this verdict on a signed file, and a sentence that matches; return it."""
    found = examined(content, pki)
    assert (found.verdict, found.sub, found.signed) == (verdict, sub, True), str(found.why)
    assert re.search(sentence, str(found.why)), str(found.why)
    if coverage is not None:
        assert found.signatures[0].coverage is coverage
    return found


def opened(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def changed(content, parts):
    merged = opened(content) | parts
    return packed({name: one for name, one in merged.items() if one is not None})


def edited(content, name, old, new, *, count=1):
    before = opened(content)[name].decode()
    assert old in before, f"{name} holds no {old}"
    return changed(content, {name: before.replace(old, new, count).encode()})


def by_xmlsec(content, part, folder, pki):
    """Verify one signature with xmlsec1: what it signs in itself, and every part of the file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    root = etree.parse(folder / part)
    uris = [one.get("URI") for one in root.iterfind(f".//{DSIG}Manifest/{DSIG}Reference")]
    command = ["xmlsec1", "--verify", "--trusted-pem", pki.signer("root-2").certificate_path]
    command += ["--untrusted-pem", pki.signer("issuing-2").certificate_path]
    command += ["--id-attr:Id", "http://www.w3.org/2000/09/xmldsig#:Object"]
    command += ["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]
    for uri in uris:
        command += [f"--url-map:{uri}", folder / uri.partition("?")[0].removeprefix("/")]
    done = subprocess.run([*command, folder / part], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "SignedInfo References (ok/all): 3/3" in done.stderr
    assert f"Manifests References (ok/all): {len(uris)}/{len(uris)}" in done.stderr


def _saved(save):
    target = io.BytesIO()
    save(target)
    return target.getvalue()


def streamed(content):
    """Write a ZIP as to a stream: each entry's lengths come after it."""

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.written = bytearray()

        def writable(self):
            return True

        def write(self, chunk):
            self.written += bytes(chunk)
            return len(chunk)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in opened(content).items():
            archive.writestr(zipfile.ZipInfo(name), one, zipfile.ZIP_DEFLATED)
    return bytes(pipe.written)


def in_large_form(content):
    """Write a ZIP in the form for large files (ZIP64), as some writers always do."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in opened(content).items():
            deflated = zipfile.ZipInfo(name)
            deflated.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(deflated, "w", force_zip64=True) as entry:
                entry.write(one)
    plain = target.getvalue()
    mark, disk, first, here, count, size, offset, _ = END_RECORD.unpack(plain[-22:])
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    last = END_RECORD.pack(mark, disk, first, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    assert here == count
    return plain[:-22] + end + locator + last
