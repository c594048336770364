"""Builders of edXML packages for tests: the golden file's letter, and packages put together."""

from __future__ import annotations

import base64
import io
from datetime import date, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from edge_node.domain.document import (
    AgencyCode,
    Business,
    Document,
    DocumentType,
    Organization,
    Reference,
    Signer,
    Staff,
    StatusMessage,
    Trace,
)
from edge_node.domain.time import VIETNAM
from edge_node.protocol import edxml

GOLDEN = Path(__file__).parent / "data" / "edxml"
NEW = (GOLDEN / "golden_edoc_new.edxml").read_bytes()
STATUS = (GOLDEN / "golden_status_03.edxml").read_bytes()
DOTNET = (GOLDEN / "dotnet_layout.edxml").read_bytes()
LIMITS = edxml.Limits()

NAMES = ("a.pdf", "b.docx", "c.xlsx", "d.txt", "e.zip", "f.doc", "G.PDF")
MOMENT = datetime(2026, 3, 5, 8, 9, 10, tzinfo=VIETNAM)
STAFF = Staff(department="Văn thư", name="Người Thử", email="vt@test.example", phone="0900000000")


def golden_document():
    return Document(
        document_id="H99.1,2026/03/05,12/UBND-VP",
        sender=Organization(
            code=AgencyCode("H99.1"),
            in_charge="TEST",
            name="Đơn vị gửi thử nghiệm",
            address="1 Phố Thử",
            email="a@test.example",
            telephone="0241",
            fax="0242",
            website="test.example",
        ),
        receivers=(
            Organization(
                code=AgencyCode("H99.2"), in_charge="TEST", name="Đơn vị nhận thử nghiệm 1"
            ),
            Organization(code=AgencyCode("H99.3"), name="Đơn vị nhận 2"),
        ),
        number="12",
        notation="UBND-VP",
        type=DocumentType(name="Công văn", type=18, detail=0),
        subject="V/v thử nghiệm <&> \"'",
        promulgated=date(2026, 3, 5),
        place="Hà Nội",
        content="Nội dung",
        signer=Signer(competence="KT. CHỦ TỊCH", position="PHÓ CHỦ TỊCH", name="Nguyễn Văn Thử"),
        due=date(2026, 3, 5),
        priority=1,
        sphere="Nội bộ",
        typist="NVA",
        copies=1,
        pages=2,
        direction=False,
        appendixes=("Phụ lục 1",),
        reply_to=(
            Reference(
                organ=AgencyCode("H99.2"),
                code="5/SNV-VP",
                document_id="H99.2,2026/02/01,5/SNV-VP",
                promulgated=date(2026, 3, 5),
            ),
        ),
        steering=1,
        places=("Như trên", "Lưu: VT"),
        business=Business(reason="Văn bản điện tử mới"),
        staff=STAFF,
        traces=(Trace(organ="H99.1", at=MOMENT),),
    )


def golden_status():
    return StatusMessage(
        sender=Organization(code=AgencyCode("H99.2"), in_charge="TEST", name="Đơn vị nhận"),
        about=Reference(
            organ=AgencyCode("H99.1"),
            code="12/UBND-VP",
            document_id="H99.1,2026/03/05,12/UBND-VP",
            promulgated=date(2026, 3, 5),
        ),
        status="03",
        note="Văn thư: đã tiếp nhận",
        staff=STAFF,
        at=MOMENT,
    )


def golden_parts(folder):
    return [a_part(folder, name, f"content of {name}".encode()) for name in NAMES]


def a_part(folder, name, content, *, content_id=None, description=None):
    content_id = content_id or name[0] + "1"
    path = folder / f"{content_id}.bin"
    path.write_bytes(content)
    return edxml.Part(
        name=name,
        description=f"Mô tả {name}" if description is None else description,
        path=path,
        content_id=content_id,
    )


def a_document(**changes):
    values = {
        "document_id": "H99.1,2026/03/05,12/UBND-VP",
        "sender": Organization(code=AgencyCode("H99.1")),
        "receivers": (Organization(code=AgencyCode("H99.2")),),
        "number": "12",
        "notation": "UBND-VP",
        "type": DocumentType(name="Công văn"),
        "subject": "V/v thử nghiệm",
        "promulgated": date(2026, 3, 5),
    }
    return Document(**(values | changes))


def written(document, parts=(), **options):
    out = io.BytesIO()
    edxml.write_document(document, list(parts), out, **options)
    return out.getvalue()


def header_of(package):
    return edxml.read_header(io.BytesIO(package), limits=LIMITS)


def read(package, folder, *, limits=LIMITS, taken=()):
    folder.mkdir(exist_ok=True)
    return edxml.read_package(io.BytesIO(package), folder, limits=limits, taken=taken)


def holding(*attachments, claim="application/pdf"):
    """Return a package with these attachments: (name, text of the content) each."""
    elements = "".join(
        f"<Attachment><ContentId>cid:{number}</ContentId><AttachmentName>{name}</AttachmentName>"
        f"<ContentType>{claim}</ContentType>"
        f"<ContentTransferEncoded>{text}</ContentTransferEncoded></Attachment>"
        for number, (name, text) in enumerate(attachments)
    )
    references = "".join(
        f"<edXML:Reference><edXML:ContentId>cid:{number}</edXML:ContentId></edXML:Reference>"
        for number in range(len(attachments))
    )
    package = written(a_document()).decode()
    manifest = f"<edXML:edXMLManifest>{references}</edXML:edXMLManifest>"
    body = f"<edXML:edXMLBody>{manifest}</edXML:edXMLBody>"
    return (
        package.replace("</edXML:edXMLEnvelope>", f"{body}</edXML:edXMLEnvelope>")
        .replace("</edXML>", f"<AttachmentEncoded>{elements}</AttachmentEncoded></edXML>")
        .encode()
    )


def b64(content):
    return base64.b64encode(content).decode()


def zipped(*entries, method=ZIP_DEFLATED):
    """Return an archive of these entries: (name, content) each."""
    out = io.BytesIO()
    with ZipFile(out, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def said(package):
    """Return the warnings of a package as sentences."""
    return [str(warning) for warning in package.warnings]
