"""What happens to a package on the axis: another form, another encoding, the same documents."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.time import VIETNAM
from edge_node.sandbox.rewrite import Passage, rewrite
from edge_node.sandbox.settings import Reencode

DATA = Path(__file__).parents[1] / "data" / "sandbox"
GOLDEN = (DATA / "golden_edoc_new.edxml").read_bytes()
STATUS = (DATA / "golden_status_03.edxml").read_bytes()
NS = "{http://www.mic.gov.vn/TBT/QCVN_102_2016}"
AT = datetime(2026, 11, 21, 14, 3, 5, tzinfo=VIETNAM)

# What the golden file's attachments hold, whatever their encoding.
DOCUMENTS = {
    name: f"content of {name}".encode()
    for name in ("a.pdf", "b.docx", "c.xlsx", "d.txt", "e.zip", "f.doc", "G.PDF")
}


def rewritten(package, folder, *, reencode=Reencode.NEVER, doc_id="x"):
    source, target = folder / "sent", folder / "forwarded"
    source.write_bytes(package)
    rewrite(source, target, Passage(doc_id=doc_id, at=AT, reencode=reencode))
    return target.read_bytes()


def attachments(package):
    """Return (content type, bytes) of each attachment, by name."""
    return {
        one.findtext(f"{NS}AttachmentName"): (
            one.findtext(f"{NS}ContentType"),
            base64.b64decode("".join(one.findtext(f"{NS}ContentTransferEncoded").split())),
        )
        for one in ET.fromstring(package).iter(f"{NS}Attachment")  # noqa: S314 - likewise
    }


def documents(package, *, but=""):
    """Return what the vendor's reader makes of the attachments: unzipped where it would."""
    found = {}
    for name, (content_type, content) in attachments(package).items():
        if name == but:
            continue
        found[name] = content
        if content_type == "application/zip" and not name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                (entry,) = archive.namelist()
                found[name] = archive.read(entry)
    return found


def fields(package):
    """Return every element that holds text outside the attachments, with its text."""
    header = ET.fromstring(package).find(f"{NS}edXMLEnvelope")  # noqa: S314 - likewise
    return [
        (one.tag, one.text) for one in header.iter() if one.text is not None and one.text.strip()
    ]


@pytest.mark.parametrize("reencode", Reencode)
def test_the_documents_stay_what_they_were(tmp_path, reencode):
    """However they are encoded, the attachments hold the same bytes, in the same order."""
    assert documents(GOLDEN) == DOCUMENTS
    after = documents(rewritten(GOLDEN, tmp_path, reencode=reencode))
    assert after == DOCUMENTS
    assert list(after) == list(DOCUMENTS)


def test_an_attachment_can_come_out_in_another_encoding(tmp_path):
    """Raw PDF and Word files become archives, archives are made anew; a .zip is left alone."""
    before = attachments(GOLDEN)
    after = attachments(rewritten(GOLDEN, tmp_path, reencode=Reencode.ALWAYS))
    assert {name for name in before if before[name] != after[name]} == set(before) - {"e.zip"}
    assert {kind for kind, _ in after.values()} == {"application/zip"}
    for name in set(before) - {"e.zip"}:
        with zipfile.ZipFile(io.BytesIO(after[name][1])) as archive:
            assert archive.namelist() != [name]
            assert archive.infolist()[0].flag_bits & 0x08  # a data descriptor, like the vendor's


def test_never_means_that_attachments_keep_their_bytes(tmp_path):
    """Set to `never`, the axis hands attachments on as they came."""
    assert attachments(rewritten(GOLDEN, tmp_path)) == attachments(GOLDEN)


def test_sometimes_is_the_same_every_time(tmp_path):
    """Which attachments are recoded depends on the package's id alone, and varies with it."""
    outcomes = {
        doc_id: rewritten(GOLDEN, tmp_path, reencode=Reencode.SOMETIMES, doc_id=doc_id)
        for doc_id in "abcd"
    }
    again = rewritten(GOLDEN, tmp_path, reencode=Reencode.SOMETIMES, doc_id="a")
    assert outcomes["a"] == again
    kinds = {str([kind for kind, _ in attachments(one).values()]) for one in outcomes.values()}
    assert len(kinds) > 1


def test_the_header_says_the_same_and_one_trace_more(tmp_path):
    """The axis adds a TraceHeader that names nobody; every other field stays, in its place."""
    added = (f"{NS}Timestamp", "2026/11/21 14:03:05")
    before, after = fields(GOLDEN), fields(rewritten(GOLDEN, tmp_path))
    place = after.index(added)
    assert after[:place] + after[place + 1 :] == before
    assert before[place - 1] == (f"{NS}Timestamp", "2026/03/05 08:09:10")


def test_a_status_message_stays_header_only(tmp_path):
    """Where there is no TraceHeaderList, none is made."""
    after = rewritten(STATUS, tmp_path)
    assert fields(after) == fields(STATUS)
    assert b"TraceHeader" not in after


def test_the_form_is_the_vendors(tmp_path):
    """Literal prefix where the vendor writes it, whatever prefix came; no white space between."""
    sent = GOLDEN.replace(b"edXML:", b"q:").replace(b"xmlns:edXML", b"xmlns:q")
    after = rewritten(sent, tmp_path)
    assert after == rewritten(GOLDEN, tmp_path)
    assert b"<edXML:DocumentId>" in after
    assert b"<Attachment><ContentId>" in after
    assert b'<edXML:ContentTransferEncoded xmlns:edXML="' in after
    assert not re.search(rb">\s+<(?!edXML xmlns)", after)


def test_comments_and_empty_elements_are_dropped(tmp_path):
    """What says nothing goes, with the parents it leaves empty; what has an attribute stays."""
    noise = b"<!-- note --><edXML:DueDate/><edXML:OtherInfo><edXML:Priority> </edXML:Priority>"
    noise += b'</edXML:OtherInfo><edXML:Kept b="&lt;2" a="1"/></edXML:MessageHeader>'
    after = rewritten(STATUS.replace(b"</edXML:MessageHeader>", noise), tmp_path)
    kept = b'<edXML:Kept a="1" b="&lt;2"></edXML:Kept>'
    assert after == rewritten(STATUS, tmp_path).replace(
        b"</edXML:MessageHeader>", kept + b"</edXML:MessageHeader>"
    )


def test_an_envelope_signature_moves_to_the_default_namespace(tmp_path):
    """As in 2019: xmldsig elements lose their namespace, so no such signature verifies."""
    signature = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
    signature += b'<ds:Reference URI=""/></ds:SignedInfo></ds:Signature></edXML:edXMLHeader>'
    after = rewritten(GOLDEN.replace(b"</edXML:edXMLHeader>", signature), tmp_path)
    assert (
        b'<Signature><SignedInfo><Reference URI=""></Reference></SignedInfo></Signature>' in after
    )
    assert ET.fromstring(after).find(f".//{NS}Signature") is not None  # noqa: S314 - likewise
    assert b"<edXML:edXMLBody>" in after


def test_what_cannot_be_decoded_is_handed_on_as_it_came(tmp_path):
    """Damaged base64, an archive that is none: the axis does not mend them."""
    for damage in (b"Y29udGVudCBvZiBhLnBkZg", b"UEsDBBQACAgIAAAA", b"@@@@"):
        sent = GOLDEN.replace(b"Y29udGVudCBvZiBhLnBkZg==", damage)
        after = rewritten(sent, tmp_path, reencode=Reencode.ALWAYS)
        assert b">" + damage + b"</edXML:ContentTransferEncoded>" in after


def test_an_archive_that_breaks_half_way_is_handed_on_as_it_came(tmp_path):
    """A wrong checksum shows only after the entry was read; nothing half-done remains."""
    kind, content = attachments(GOLDEN)["d.txt"]
    assert kind == "application/zip"
    broken = content.replace(b"\xab\x78\xa7\x31", b"\0\0\0\0")
    assert broken != content
    sent = GOLDEN.replace(base64.b64encode(content), base64.b64encode(broken))
    after = rewritten(sent, tmp_path, reencode=Reencode.ALWAYS)
    assert attachments(after)["d.txt"] == (kind, broken)
    sound = {name: one for name, one in DOCUMENTS.items() if name != "d.txt"}
    assert documents(after, but="d.txt") == sound


def test_a_name_that_follows_its_content_counts(tmp_path):
    """.NET senders put AttachmentName last; the decision waits for it."""
    name = b"<AttachmentName>a.pdf</AttachmentName>"
    sent = GOLDEN.replace(b"      " + name, b"", 1).replace(
        b"</edXML:ContentTransferEncoded>", b"</edXML:ContentTransferEncoded>" + name, 1
    )
    after = rewritten(sent, tmp_path, reencode=Reencode.ALWAYS)
    assert attachments(after)["a.pdf"][0] == "application/zip"
    assert documents(after) == DOCUMENTS


@given(
    content=st.binary(max_size=2000),
    name=st.sampled_from(["a.pdf", "a.doc", "a.docx", "a.xlsx", "a.txt", "a"]),
    text=st.text(
        st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
    ),
    wrap=st.sampled_from([4, 76, 4000]),
)
def test_whatever_is_sent_arrives(tmp_path_factory, content, name, text, wrap):
    """Any bytes under any kind of name, with any text, come out as they went in."""
    encoded = base64.b64encode(content).decode()
    lines = "\n".join(encoded[at : at + wrap] for at in range(0, len(encoded), wrap))
    subject = ET.Element("Subject")
    subject.text = text
    package = f"""<edXML xmlns="{NS[1:-1]}"><AttachmentEncoded><Attachment>
        <AttachmentName>{name}</AttachmentName>{ET.tostring(subject, encoding="unicode")}
        <ContentTransferEncoded>{lines}</ContentTransferEncoded>
        <ContentType>application/octet-stream</ContentType></Attachment></AttachmentEncoded>
        </edXML>""".encode()
    folder = tmp_path_factory.mktemp("law")
    after = rewritten(package, folder, reencode=Reencode.ALWAYS)
    assert documents(after) == {name: content}
    found = ET.fromstring(after).findtext(f".//{NS}Subject", "")  # noqa: S314 - likewise
    assert found == (text if text.strip() else "")
