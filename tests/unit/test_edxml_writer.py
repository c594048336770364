from __future__ import annotations

import base64
import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from xml.etree import ElementTree as ET

import pytest
from packages import (
    NEW,
    STATUS,
    a_document,
    a_part,
    golden_document,
    golden_parts,
    golden_status,
    read,
    written,
)

from edge_node.domain.document import (
    AgencyCode,
    Business,
    BusinessKind,
    DocumentType,
    Organization,
    ReceiverAction,
    ReceiverChange,
    Replacement,
    Signer,
    Staff,
    Trace,
)
from edge_node.protocol import edxml


def outline(package):
    """Return name, attributes and text of every element, in order; zipped contents unzipped."""
    lines = []
    for element in ET.fromstring(package).iter():  # noqa: S314 - the vendor's file and our own
        text = element.text or ""
        if element.tag.endswith("ContentTransferEncoded"):
            text = unwrapped(base64.b64decode(text))
        lines.append((element.tag, element.attrib, text if not len(element) else ""))
    return lines


def unwrapped(content):
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (entry,) = archive.infolist()
        return archive.read(entry)


def tags(package):
    """Return the literal start tags, prefixes and all."""
    return re.findall(rb"<[A-Za-z][^>]*>", package)


def below(package, name):
    """Return the local names and texts of what lies below the first element of that name."""
    tree = ET.fromstring(package)  # noqa: S314 - our own
    top = next(each for each in tree.iter() if each.tag.endswith("}" + name))
    return [
        (each.tag.split("}")[1], "" if len(each) else each.text)
        for each in top.iter()
        if each != top
    ]


def test_a_new_document_is_written_as_the_vendor_writes_it(tmp_path):
    """Element for element, prefix for prefix: names, order, text and attributes."""
    package = written(golden_document(), golden_parts(tmp_path), manifest_content_type="vendor")

    assert outline(package) == outline(NEW)
    assert tags(package) == tags(NEW)
    assert package.splitlines()[:10] == NEW.splitlines()[:10]


def test_a_status_is_written_as_the_vendor_writes_it():
    """Line for line; only the vendor ends its lines with CR and LF."""
    assert edxml.write_status(golden_status()).splitlines() == STATUS.splitlines()


def test_the_manifest_names_each_attachments_own_content_type(tmp_path):
    """The vendor's builder says zip of everything there; that is only copied when asked for."""
    package = written(golden_document(), golden_parts(tmp_path))

    types = [text for name, text in below(package, "edXMLManifest") if name == "ContentType"]
    assert types == [
        "application/" + kind for kind in ("pdf", "docx", "zip", "zip", "zip", "doc", "pdf")
    ]


def test_the_same_document_is_the_same_package(tmp_path):
    """A retry sends the bytes of the first attempt, whatever the clock says."""
    parts = golden_parts(tmp_path)
    first = written(golden_document(), parts)
    for part in parts:
        part.path.touch()

    assert written(golden_document(), parts) == first


def test_a_zipped_attachment_has_one_entry_named_after_its_id(tmp_path):
    """The entry is deflated and follows a data descriptor, as the vendor's own are."""
    package = written(a_document(), [a_part(tmp_path, "../x.TXT", b"text", content_id="a:1")])
    content = base64.b64decode(re.search(rb">(UEsDB[^<]*)<", package)[1])

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (entry,) = archive.infolist()
        assert archive.read(entry) == b"text"
    assert entry.filename == "a_1.txt"
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)
    assert entry.compress_type == zipfile.ZIP_DEFLATED
    assert entry.flag_bits & 0x8


def test_a_recall_carries_no_attachment_and_names_the_older_document():
    """Without attachments there is neither body nor AttachmentEncoded."""
    business = Business(kind=BusinessKind.RECALL, document_id="H99.1,1", reason="Sai nơi nhận")
    package = written(a_document(business=business))

    assert below(package, "Bussiness") == [
        ("DocumentId", "H99.1,1"),
        ("BussinessDocType", "1"),
        ("BussinessDocReason", "Sai nơi nhận"),
        ("Paper", "0"),
    ]
    assert b"edXMLBody" not in package
    assert b"Attachment" not in package


def test_an_update_says_what_it_changes():
    """Metadata and receivers are flagged apart; a receiver is added with 1 and removed with 0."""
    business = Business(
        kind=BusinessKind.UPDATE,
        document_id="H99.1,1",
        metadata_changes=True,
        receiver_changes=(
            ReceiverChange(code=AgencyCode("H37.03"), action=ReceiverAction.ADD),
            ReceiverChange(code=AgencyCode("H37.04"), action=ReceiverAction.REMOVE),
        ),
    )

    assert below(written(a_document(business=business)), "BussinessDocumentInfo") == [
        ("DocumentInfo", "1"),
        ("DocumentReceiver", "1"),
        ("ReceiverList", ""),
        ("Receiver", ""),
        ("OrganId", "H37.03"),
        ("ReceiverType", "1"),
        ("Receiver", ""),
        ("OrganId", "H37.04"),
        ("ReceiverType", "0"),
    ]


def test_a_replacement_names_what_it_replaces_and_for_whom():
    """Each older document with the receivers it concerns."""
    business = Business(
        kind=BusinessKind.REPLACE,
        replaces=(Replacement(document_id="H99.1,1", receivers=(AgencyCode("H37.02"),)),),
    )

    assert below(written(a_document(business=business)), "ReplacementInfoList") == [
        ("ReplacementInfo", ""),
        ("DocumentId", "H99.1,1"),
        ("OrganIdList", ""),
        ("OrganId", "H37.02"),
    ]


def test_numbers_that_are_not_known_are_left_out():
    """An empty number makes the vendor's reader lose the whole document."""
    package = written(a_document(type=DocumentType(name="Công văn"), steering=None))

    assert b"SteeringType" not in package
    assert b"<edXML:Type>" not in package
    assert b"/>" not in package
    assert b"></" not in package


def test_an_empty_signer_and_staff_are_left_out():
    """Nobody is told of people without a name."""
    package = written(a_document(signer=Signer(), staff=Staff(), traces=(Trace(),)))

    assert b"SignerInfo" not in package
    assert b"StaffInfo" not in package
    assert b"<edXML:TraceHeader>" not in package


def test_a_moment_is_written_on_vietnamese_clocks():
    """Seven hours ahead of UTC, without saying so."""
    at = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)

    assert b">2026/11/21 01:00:00<" in written(a_document(traces=(Trace(organ="H1", at=at),)))


def test_a_carriage_return_is_written_so_that_it_survives():
    """XML parsers turn a bare one into a line feed."""
    assert b">a&#13;\nb\t<" in written(a_document(subject="a\r\nb\t"))


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_a_character_xml_cannot_carry_is_refused_before_anything_is_written(bad, tmp_path):
    """The error names the field and the character, not the text around it."""
    out = io.BytesIO()
    with pytest.raises(edxml.Unwritable) as caught:
        edxml.write_document(a_document(subject=f"mật{bad}"), [], out)
    assert "Subject" in str(caught.value)
    assert f"U+{ord(bad):04X}" in str(caught.value)
    assert "mật" not in str(caught.value)
    assert caught.value.hint

    with pytest.raises(edxml.Unwritable):
        edxml.write_document(
            a_document(), [a_part(tmp_path, f"{bad}.pdf", b"", content_id="1")], out
        )
    with pytest.raises(edxml.Unwritable):
        edxml.write_status(replace(golden_status(), note=bad))
    assert out.getvalue() == b""


def test_two_attachments_cannot_share_an_id(tmp_path):
    """The receiver joins manifest and content by it."""
    parts = [a_part(tmp_path, name, b"x", content_id="1") for name in ("a.pdf", "b.pdf")]

    with pytest.raises(edxml.Unwritable, match="1"):
        written(a_document(), parts)


@pytest.mark.parametrize("name", ["a.pdf", "b.bin"])
def test_an_attachment_is_what_was_judged(tmp_path, name):
    """Raw or zipped: what was changed since is not sent."""
    part = a_part(tmp_path, name, b"x")
    judged = replace(part, digest=sha256(b"x").hexdigest())
    assert written(a_document(), [judged]) == written(a_document(), [part])
    part.path.write_bytes(b"y")
    with pytest.raises(edxml.AttachmentChanged, match=name):
        written(a_document(), [judged])


def test_an_attachment_longer_than_any_chunk_comes_through(tmp_path):
    """Groups of three bytes run across the chunks, raw and zipped."""
    content = bytes(range(256)) * 8001
    parts = [a_part(tmp_path, "a.pdf", content[:-1]), a_part(tmp_path, "b.bin", content)]

    files = read(written(a_document(), parts), tmp_path / "in").files
    assert [
        file.path.read_bytes() == each
        for file, each in zip(files, (content[:-1], content), strict=True)
    ] == [
        True,
        True,
    ]


def test_long_fields_are_named_and_not_refused():
    """The same element may be longer in one place than in another."""
    document = a_document(
        subject="đ" * 501,
        place="đ" * 51,
        places=("đ" * 150, "đ" * 151),
        receivers=(Organization(code=AgencyCode("H1"), name="đ" * 201),),
    )

    assert [str(each) for each in edxml.overlong(document, ["n" * 501, "n" * 500])] == [
        "OrganName is 201 characters long; some systems hold no more than 200",
        "Place is 51 characters long; some systems hold no more than 50",
        "Subject is 501 characters long; some systems hold no more than 500",
        "Place is 151 characters long; some systems hold no more than 150",
        "AttachmentName is 501 characters long; some systems hold no more than 500",
    ]
    assert edxml.overlong(golden_document()) == []
