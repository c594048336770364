from __future__ import annotations

import hashlib
import io
import unicodedata
from dataclasses import replace
from datetime import date, datetime

import pytest
from packages import (
    DOTNET,
    LIMITS,
    NAMES,
    NEW,
    STATUS,
    a_document,
    a_part,
    b64,
    golden_document,
    golden_status,
    header_of,
    holding,
    read,
    said,
    written,
    zipped,
)

from edge_node.domain.document import (
    AgencyCode,
    BusinessKind,
    DocumentType,
    Reference,
    Staff,
    StatusMessage,
    Trace,
)
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.time import VIETNAM
from edge_node.protocol import edxml
from edge_node.protocol.edxml.contents import Base64Reader, NotBase64
from edge_node.protocol.edxml.layout import day_in, moment_in

URI = b"http://www.mic.gov.vn/TBT/QCVN_102_2016"


def test_the_vendors_document_is_read_with_its_files(tmp_path):
    """Every field, and every attachment as it was before it was zipped."""
    package = read(NEW, tmp_path)

    assert package.document == golden_document()
    assert [file.name for file in package.files] == list(NAMES)
    for file in package.files:
        content = f"content of {file.name}".encode()
        assert file.path == tmp_path / file.name
        assert file.path.read_bytes() == content
        assert file.size == len(content)
        assert file.digest == hashlib.sha256(content).hexdigest()
        assert file.description == f"Mô tả {file.name}"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    assert said(package) == ["e.zip claims to be zipped and is not"]
    assert package.codes == {
        "Type": "18",
        "TypeDetail": "0",
        "Priority": "1",
        "Direction": "false",
        "SteeringType": "1",
        "BussinessDocType": "0",
        "Paper": "0",
    }


def test_the_vendors_status_is_read(tmp_path):
    """It is told from a document by its StatusCode, and leaves nothing in the folder."""
    package = read(STATUS, tmp_path)

    assert isinstance(package, edxml.StatusPackage)
    assert package.message == golden_status()
    assert package.warnings == ()
    assert package.codes == {"StatusCode": "03"}
    assert list(tmp_path.iterdir()) == []


def test_the_header_alone_is_read_without_a_folder():
    """The same document and warnings about the package, and no files."""
    package = header_of(NEW)

    assert package.document == golden_document()
    assert package.files == ()
    assert header_of(STATUS).message == golden_status()


def test_the_dotnet_layout_is_read(tmp_path):
    """Another order, no prefixes, links instead of ids, empty elements, raw base64, day first."""
    package = read(DOTNET, tmp_path)

    document = package.document
    assert document.document_id == "H99.1,2026/03/05,12/UBND-VP"
    assert document.promulgated == date(2026, 3, 5)
    assert document.due is None
    assert document.type == DocumentType(name="Công văn", type=18, detail=0)
    assert document.places == ("Như trên",)
    assert document.traces == (
        Trace(organ="H99.1", at=datetime(2026, 3, 5, 8, 9, 10, tzinfo=VIETNAM)),
    )
    (file,) = package.files
    assert file.path.name == "công văn.pdf"
    assert file.path.read_text("utf-8") == "nội dung của tệp"
    assert said(package) == ["an unknown namespace was read like the usual one: "] * 0


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        pytest.param(lambda p: b"1212" + p, "skipped 4 bytes before the XML", id="junk"),
        pytest.param(lambda p: b"\r\n \xef\xbb\xbf" + p, "skipped 6 bytes", id="blanks"),
        pytest.param(lambda p: b"\xef\xbb\xbf" + p, "skipped 3 bytes", id="byte order mark"),
        pytest.param(
            lambda p: p.decode().replace("UTF-8", "UTF-16").encode("utf-16"), None, id="UTF-16"
        ),
        pytest.param(
            lambda p: p.replace(b"edXML:", b"e:").replace(b"xmlns:edXML", b"xmlns:e"),
            None,
            id="another prefix",
        ),
        pytest.param(
            lambda p: p.replace(b"edXML:", b"").replace(b' xmlns:edXML="' + URI + b'"', b""),
            None,
            id="default namespace everywhere",
        ),
        pytest.param(
            lambda p: p.replace(URI, b"http://www.go.vn/eDoc"),
            "an unknown namespace was read like the usual one: http://www.go.vn/eDoc",
            id="another namespace",
        ),
        pytest.param(
            lambda p: p.replace(b'<edXML xmlns="' + URI + b'"', b"<edXML"),
            "elements without a namespace",
            id="no namespace",
        ),
        pytest.param(
            lambda p: p.replace(b"<edXML:Reference>", b'<edXML:Reference xlink:type="simple">'),
            "prefix xlink is not declared",
            id="undeclared attribute prefix",
        ),
        pytest.param(
            lambda p: p.replace(b"AttachmentEncoded>", b"edXML:AttachmentEncoded>"),
            "prefix edXML is not declared",
            id="undeclared element prefix",
        ),
        pytest.param(lambda p: p.replace(b"cid:", b""), None, id="no cid"),
        pytest.param(
            lambda p: p.replace(
                b"<AttachmentEncoded>", b"<AttachmentEncoded><!-- \xc3\xa0 --><?x y?>"
            ),
            None,
            id="comments and instructions",
        ),
        pytest.param(
            lambda p: p.replace(b"application/", b"text/"), None, id="content types that are wrong"
        ),
        pytest.param(
            lambda p: p.replace(b"<edXML:Subject>V/v th", b"<edXML:Subject><![CDATA[V/v th]]>"),
            None,
            id="CDATA",
        ),
    ],
)
def test_what_senders_are_known_to_do_loses_nothing(change, warning, tmp_path):
    """The same document and the same files; what was odd is a warning for a person."""
    package = read(change(NEW), tmp_path)

    assert package.document == golden_document()
    assert [file.path.read_bytes() for file in package.files] == [
        f"content of {name}".encode() for name in NAMES
    ]
    found = [each for each in said(package) if "e.zip" not in each]
    if warning is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(warning)


def changed(old, new):
    assert old in NEW
    return header_of(NEW.replace(old, new))


def without(name):
    start = NEW.index(b"<edXML:%s>" % name)
    end = NEW.index(b"</edXML:%s>" % name, start) + len(b"</edXML:%s>" % name)
    return header_of(NEW[:start] + NEW[end:])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (b"TraceHeaderList", {"traces": (), "staff": None}),
        (b"Bussiness", {"staff": None}),
        (b"OtherInfo", {}),
        (b"DueDate", {"due": None}),
        (b"SignerInfo", {"signer": None}),
        (b"ToPlaces", {"places": ()}),
        (b"ResponseFor", {"reply_to": ()}),
        (b"SteeringType", {"steering": None}),
    ],
)
def test_an_element_that_is_missing_is_missing_and_nothing_else(name, change):
    """The axis drops what is empty and sometimes `Bussiness`, which then means a new document."""
    package = without(name)
    business = replace(golden_document().business, reason="")
    other = {
        "priority": 0,
        "sphere": "",
        "typist": "",
        "copies": None,
        "pages": None,
        "direction": None,
        "appendixes": (),
    }
    if name == b"OtherInfo":
        change = other
    if name in {b"TraceHeaderList", b"Bussiness"}:
        change = change | {"business": business}

    assert package.document == replace(golden_document(), **change)
    assert package.document.business.kind is BusinessKind.NEW
    assert said(package) == []


def test_a_package_without_a_body_is_read(tmp_path):
    """A recall has no attachment; both are left out."""
    assert read(written(a_document()), tmp_path).files == ()


@pytest.mark.parametrize(
    ("old", "new", "field", "value", "warning"),
    [
        (b">1</edXML:SteeringType>", b"></edXML:SteeringType>", "steering", None, "SteeringType"),
        (b">1</edXML:Priority>", b">cao</edXML:Priority>", "priority", 0, "Priority"),
        (b">1</edXML:Priority>", b">5</edXML:Priority>", "priority", 5, None),
        (b">2</edXML:PageAmount>", b"> 2\n</edXML:PageAmount>", "pages", 2, None),
        (
            b">2</edXML:PageAmount>",
            ">٢</edXML:PageAmount>".encode(),
            "pages",
            None,
            "PageAmount",
        ),
        (b">false</edXML:Direction>", b">TRUE</edXML:Direction>", "direction", True, None),
        (b">false</edXML:Direction>", b">di</edXML:Direction>", "direction", None, "Direction"),
        (b">2026/03/05</edXML:DueDate>", b">2014/02/30</edXML:DueDate>", "due", None, "DueDate"),
        (b">2026/03/05</edXML:DueDate>", b">null</edXML:DueDate>", "due", None, "DueDate"),
        (
            b">2026/03/05</edXML:DueDate>",
            b">05/03/2026 10:00:00</edXML:DueDate>",
            "due",
            date(2026, 3, 5),
            None,
        ),
        (b">2026/03/05 08:09:10<", b">null<", "traces", (Trace(organ="H99.1"),), "Timestamp"),
        (
            b"<edXML:OrganId>H99.1</edXML:OrganId>\r\n          <edXML:Timestamp>",
            b"<edXML:Timestamp>",
            "traces",
            (Trace(at=datetime(2026, 3, 5, 8, 9, 10, tzinfo=VIETNAM)),),
            None,
        ),
        (
            b">0</edXML:BussinessDocType>",
            b">9</edXML:BussinessDocType>",
            "business",
            golden_document().business,
            "BussinessDocType 9",
        ),
    ],
)
def test_a_field_that_cannot_be_read_costs_only_itself(old, new, field, value, warning):
    """It becomes nothing or its default and a warning that names it."""
    package = changed(old, new)

    assert package.document == replace(golden_document(), **{field: value})
    assert [each.split(" is ")[0] for each in said(package)] == ([warning] if warning else [])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026/03/05", date(2026, 3, 5)),
        ("2026/3/5", date(2026, 3, 5)),
        ("05/03/2026", date(2026, 3, 5)),
        ("2026-03-05", date(2026, 3, 5)),
        ("2026-03-05T08:09:10.123+07:00", date(2026, 3, 5)),
        ("2026-03-04T17:00:00Z", date(2026, 3, 5)),  # how JavaScript writes that midnight
        ("2026-03-04T23:30:00-0500", date(2026, 3, 5)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2026-03-05T08:09:10+99:00", None),
        ("2026/13/05", None),
        ("2026/03/05 25:00:00", None),
        ("", None),
    ],
)
def test_dates_are_read_in_the_forms_they_come_in(text, day):
    """Year first or day first or ISO 8601, always the day it is in Vietnam."""
    assert day_in(text) == day


def test_a_moment_without_seconds_is_a_moment():
    """Some senders leave them out."""
    assert moment_in("2026/03/05 08:09") == datetime(2026, 3, 5, 8, 9, tzinfo=VIETNAM)


def test_a_missing_document_id_is_built_as_senders_build_it():
    """From sender, date, number and notation, when they are there."""
    built = header_of(written(a_document(document_id="")))
    unknown = header_of(written(a_document(document_id="", promulgated=None)))

    assert built.document.document_id == "H99.1,2026/03/05,12/UBND-VP"
    assert said(built) == [
        "DocumentId is missing; it was built of sender, date, number and notation"
    ]
    assert unknown.document.document_id == ""
    assert said(unknown) == ["DocumentId is missing, and so is what one is built of"]


def test_a_package_that_does_not_say_who_sent_it_is_refused():
    """Nobody could be answered."""
    with pytest.raises(PackageUnreadable, match="From has no OrganId"):
        changed(b"<edXML:OrganId>H99.1</edXML:OrganId>", b"")
    with pytest.raises(PackageUnreadable, match="no MessageHeader"):
        header_of(NEW.replace(b"MessageHeader", b"Header"))


def test_a_code_no_directory_could_hold_is_kept_raw():
    """A person sees what stood there."""
    package = changed(b">H99.3<", b">  bad code! <")

    assert package.document.receivers[1].code == "bad code!"
    assert said(package) == ["To is not an agency's code: 'bad code!'"]


def test_a_package_without_receivers_is_read():
    """It reached us, whatever it says."""
    package = header_of(written(a_document(receivers=())))

    assert package.document.receivers == ()
    assert said(package) == ["the package names no receiver"]


def test_an_element_that_is_there_twice_counts_once():
    """The first one, as for the vendor's reader."""
    package = changed(
        b"<edXML:Subject>", b"<edXML:Subject>kh\xc3\xa1c</edXML:Subject><edXML:Subject>"
    )

    assert package.document.subject == "khác"
    assert said(package) == ["Subject is there 2 times; the first counts"]


def test_a_receiver_change_that_says_neither_is_left_out():
    """It is named in a warning."""
    receiver = (
        b"<edXML:Receiver><edXML:OrganId>H1</edXML:OrganId>"
        b"<edXML:ReceiverType>7</edXML:ReceiverType></edXML:Receiver>"
    )
    receivers = b"<edXML:ReceiverList>%s</edXML:ReceiverList>" % receiver
    change = b"<edXML:BussinessDocumentInfo>%s</edXML:BussinessDocumentInfo>" % receivers
    package = changed(b"<edXML:Paper>", change + b"<edXML:Paper>")

    assert package.document.business.receiver_changes == ()
    assert said(package) == ["it is not said whether H1 is added or removed: left out"]


def test_a_status_that_says_little_is_read():
    """Whether anything can be done with it is not the reader's to say."""
    package = header_of(
        b'<edXML xmlns="%s"><MessageHeader><From><OrganId>H1</OrganId></From><StatusCode/>'
        b"</MessageHeader></edXML>" % URI
    )

    assert package.message == StatusMessage(
        sender=package.message.sender, about=Reference(organ=AgencyCode("")), status=""
    )
    assert said(package) == ["StatusCode is empty", "ResponseFor is not an agency's code: ''"]


def test_attachments_of_a_status_are_left_out(tmp_path):
    """A status message has none; whatever is there is not kept."""
    package = read(
        STATUS.replace(
            b"</edXML>",
            b"<AttachmentEncoded><Attachment><ContentTransferEncoded>eA==</ContentTransferEncoded></Attachment></AttachmentEncoded></edXML>",
        ),
        tmp_path,
    )

    assert said(package) == ["a status message carries attachments: left out"]
    assert list(tmp_path.iterdir()) == []


def test_the_staff_of_a_document_may_stand_in_its_header():
    """Status messages have it there; some documents too."""
    package = header_of(
        written(a_document()).replace(
            b"</edXML:MessageHeader>",
            b"<edXML:StaffInfo><edXML:Staff>An</edXML:Staff></edXML:StaffInfo></edXML:MessageHeader>",
        )
    )

    assert package.document.staff == Staff(name="An")


def test_a_signature_of_the_envelope_is_skipped_and_noted():
    """The axis writes packages anew, so none could be valid; its elements may be anywhere."""
    signature = (
        b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><Subject>x</Subject>'
        b"</SignedInfo></Signature>"
    )
    package = header_of(NEW.replace(b"</edXML:edXMLHeader>", signature + b"</edXML:edXMLHeader>"))

    assert package.document == golden_document()
    assert package.codes["Signature"] == "present"
    assert said(package) == []


# -- attachments -------------------------------------------------------------------------------


def only_file(name, text, folder, claim="application/pdf"):
    package = read(holding((name, text), claim=claim), folder)
    (file,) = package.files
    return file, said(package)


@pytest.mark.parametrize(
    "text",
    [
        "bsOgbyDEkeG6pXk=",
        "bsOgbyDEkeG6pXk",
        " bsOg\nbyDE\r\nkeG6\tpXk= \n",
        "bsOg&#13;\nbyDEkeG6pXk&#61;",
        "<![CDATA[bsOgbyDEke]]>G6<!-- x -->pXk=",
        "bsOgbyDEkeG6pXk==",
    ],
)
def test_base64_is_read_however_it_is_wrapped(text, tmp_path):
    """White space, character references, CDATA and missing padding are forgiven."""
    file, warnings = only_file("a.pdf", text, tmp_path)

    assert file.path.read_text("utf-8") == "nào đấy"
    assert warnings == []


@pytest.mark.parametrize(
    "text",
    ["bsO*bg==", "bsOgb", "bg==bg==", "bg=x", "bsOg\u00a0", "bs<b/>Og", "bsOg-_", "bg==&#10;Y"],
)
def test_damaged_base64_is_refused_by_the_attachments_name(text, tmp_path):
    """The vendor's reader decodes it to rubbish; here nothing of the package stays."""
    with pytest.raises(PackageUnreadable, match=r"attachment công văn\.pdf is damaged") as caught:
        read(holding(("tốt.pdf", "eA=="), ("công văn.pdf", text)), tmp_path)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_nothing_follows_the_padding_in_a_later_piece_either():
    """A long content comes in pieces, and padding may end one of them."""
    reader = Base64Reader(bytearray().extend)
    reader.feed(b"bg==")

    reader.feed(b"\n=")
    with pytest.raises(NotBase64):
        reader.feed(b"bg==")


def test_a_name_is_given_in_one_form(tmp_path):
    """A Mac sends its letters and their marks apart; the value is NFC like the file's name."""
    file, _ = only_file(unicodedata.normalize("NFD", "công văn.pdf"), "eA==", tmp_path)

    assert file.name == file.path.name == "công văn.pdf"


def test_an_attachment_without_a_name_yet_is_named_by_its_number():
    """In the .NET layout the name follows the content."""
    with pytest.raises(PackageUnreadable, match="attachment #1 is damaged"):
        header_of(DOTNET.replace(b"<ContentTransferEncoded>", b"<ContentTransferEncoded>*"))


ZIP = zipped(("evil/../../x.edxml", b"noi dung"))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param("a.pdf", ZIP, b"noi dung", id="claimed to be a pdf"),
        pytest.param("a.doc", ZIP, b"noi dung", id="entry called otherwise"),
        pytest.param("a", ZIP, b"noi dung", id="no extension"),
        pytest.param("a.docx", ZIP, b"noi dung", id="older libraries zip docx too"),
        pytest.param("a.zip", ZIP, ZIP, id="a zip is a zip"),
        pytest.param("a.kmz", ZIP, ZIP, id="a kmz may hold one entry"),
        pytest.param("a.kmz", zipped(("1.kmz", ZIP)), ZIP, id="a zipped kmz"),
        pytest.param("a.xlsx", zipped(("x", b"1"), ("y", b"2")), None, id="an office file"),
        pytest.param("a.odt", zipped(("d/", b""), ("d/x", b"noi dung")), b"noi dung", id="folder"),
        pytest.param("a.txt", zipped(("x", b"noi dung"), method=0), b"noi dung", id="stored"),
        pytest.param("a.txt", zipped(("x", ZIP)), ZIP, id="unzipped once only"),
        pytest.param("a.txt", zipped(("x", b"")), b"", id="an empty file zipped"),
        pytest.param(
            "a.txt", ZIP.replace(b"evil/../../x.edxml", b"\0" * 18), b"noi dung", id="no name"
        ),
    ],
)
def test_what_was_zipped_to_travel_is_unzipped(name, content, expected, tmp_path):
    """One entry under a name that is no archive's own: bytes and name decide, not the claim."""
    file, warnings = only_file(name, b64(content), tmp_path / "in")

    kept = content if expected is None else expected
    assert file.path.read_bytes() == kept
    assert file.digest == hashlib.sha256(kept).hexdigest()
    assert file.size == len(kept)
    assert file.path == tmp_path / "in" / name
    assert warnings == []
    assert list(tmp_path.rglob("*.edxml")) == []


def encrypted():
    content = bytearray(ZIP)
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(encrypted(), id="encrypted"),
        pytest.param(zipped(("x", b"y" * 99), method=14), id="LZMA"),
        pytest.param(ZIP[:-10], id="cut off"),
        pytest.param(ZIP.replace(b"PK\x01\x02", b"PK\x01\x09"), id="no list of entries"),
    ],
)
def test_an_archive_that_cannot_be_opened_is_kept_as_it_came(content, tmp_path):
    """A person may have the password."""
    file, warnings = only_file("a.txt", b64(content), tmp_path)

    assert file.path.read_bytes() == content
    assert warnings == ["a.txt is zipped in a way that cannot be opened: kept so"]


def test_an_archive_whose_content_is_damaged_is_refused(tmp_path):
    """Its check sum says that these are not the bytes that were sent."""
    stored = zipped(("x", b"noi dung"), method=0).replace(b"noi dung", b"noi dunG")

    with pytest.raises(PackageUnreadable, match=r"a\.txt is damaged: it cannot be unzipped"):
        only_file("a.txt", b64(stored), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_claim_to_be_zipped_is_only_a_claim(tmp_path):
    """The vendor's reader loses the whole document."""
    file, warnings = only_file("a.pdf", b64(b"%PDF"), tmp_path, claim="application/zip")

    assert file.path.read_bytes() == b"%PDF"
    assert warnings == ["a.pdf claims to be zipped and is not"]


def test_an_empty_attachment_is_an_empty_file(tmp_path):
    """With its content empty or missing altogether."""
    empty = holding(("a.pdf", ""), ("b.pdf", "eA=="))
    package = read(
        empty.replace(b"<ContentTransferEncoded>eA==</ContentTransferEncoded>", b""), tmp_path
    )

    assert [(file.path.name, file.path.read_bytes()) for file in package.files] == [
        ("a.pdf", b""),
        ("b.pdf", b""),
    ]
    assert said(package) == ["a.pdf is empty", "b.pdf is empty"]


def test_manifest_and_attachments_that_do_not_match_are_told_apart(tmp_path):
    """What is there is kept, what is not is named."""
    package = read(NEW.replace(b"<ContentId>cid:a1<", b"<ContentId>cid:zz<"), tmp_path)

    assert len(package.files) == 7
    assert said(package)[:2] == [
        "the manifest does not name a.pdf",
        "the manifest names a.pdf, which is not in the package",
    ]


def test_name_and_description_may_stand_in_the_manifest_only(tmp_path):
    """The two are joined by the content id."""
    package = written(a_document(), [a_part(tmp_path, "a.pdf", b"x")])
    package = package.replace(b"      <AttachmentName>a.pdf</AttachmentName>\n", b"")
    package = package.replace("      <Description>Mô tả a.pdf</Description>\n".encode(), b"")
    (file,) = read(package, tmp_path / "in").files

    assert (file.name, file.description) == ("a.pdf", "Mô tả a.pdf")


def test_a_file_nobody_named_is_numbered(tmp_path):
    """There is always something to call it."""
    assert only_file("", "eA==", tmp_path)[0].path.name == "attachment-1"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", r"..\..\passwd", "C:passwd", "....//passwd"]
)
def test_a_name_like_a_path_stays_in_the_folder(name, tmp_path):
    """The original is kept as a value, the file gets a safe name."""
    file, _ = only_file(name, "eA==", tmp_path / "in")

    assert file.name == name
    assert file.path.parent == tmp_path / "in"
    assert file.path.name in {"passwd", "C_passwd"}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file.path]


def test_equal_names_and_names_in_use_do_not_meet(tmp_path):
    """Nothing is overwritten: no other, not what lies there, not what the caller will write."""
    (tmp_path / "a.pdf").write_bytes(b"mine")
    package = read(
        holding(("a.pdf", "eA=="), ("A.PDF", "eQ=="), ("document.json", "eg==")),
        tmp_path,
        taken=["document.json"],
    )

    assert [(file.path.name, file.path.read_bytes()) for file in package.files] == [
        ("a (2).pdf", b"x"),
        ("A (3).PDF", b"y"),
        ("document (2).json", b"z"),
    ]
    assert (tmp_path / "a.pdf").read_bytes() == b"mine"


def test_a_source_may_give_as_little_at_once_as_it_likes(tmp_path):
    """A socket does."""

    class Trickle(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    package = edxml.read_package(Trickle(NEW), tmp_path, limits=LIMITS)
    assert package.document == golden_document()
