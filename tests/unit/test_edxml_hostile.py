from __future__ import annotations

import base64
import io
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packages import DOTNET, LIMITS, NEW, STATUS, b64, header_of, holding, read, zipped

from edge_node.domain.errors import PackageUnreadable
from edge_node.protocol import edxml

MB = 1 << 20
LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;">' % (n, n - 1, n - 1, n - 1) for n in range(98, 120))
    + b"]>"
)


@pytest.mark.parametrize(
    "doctype",
    [
        pytest.param(b"<!DOCTYPE edXML>", id="empty"),
        pytest.param(b'<!DOCTYPE edXML SYSTEM "http://127.0.0.1:1/x.dtd">', id="external"),
        pytest.param(b'<!DOCTYPE edXML [<!ENTITY x SYSTEM "file:///etc/passwd">]>', id="entity"),
        pytest.param(b'<!DOCTYPE edXML [<!ENTITY % x "y">]>', id="parameter entity"),
        pytest.param(LAUGHS, id="billion laughs"),
    ],
)
def test_a_document_type_is_refused_where_it_begins(doctype):
    """No edXML software writes one; nothing it declares is looked at."""
    with pytest.raises(PackageUnreadable, match="document type") as caught:
        header_of(NEW.replace(b"?>", b"?>" + doctype, 1).replace(b">12<", b">&x;<"))
    assert "line 1" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        pytest.param(b"", "nothing begins within 0 bytes", id="empty"),
        pytest.param(b"PK\x03\x04" + b"\0" * 9000, "nothing begins within 4096", id="not XML"),
        pytest.param(b"x" * 5000 + NEW, "nothing begins within 4096", id="too much junk"),
        pytest.param(NEW[:-20], r"damaged at line \d+, column \d+: unclosed token", id="cut off"),
        pytest.param(NEW.replace(b"</edXML:Code>", b"</edXML:Kode>"), "mismatched tag", id="tags"),
        pytest.param(NEW.replace(b">12<", b">&x;<"), "undefined entity", id="unknown entity"),
        pytest.param(NEW.replace(b">12<", b">\xff<"), "not well-formed", id="not UTF-8"),
        pytest.param(NEW.replace(b"UTF-8", b"UTF-7"), "encoding", id="UTF-7"),
        pytest.param(NEW.replace(b"UTF-8", b"klingon"), "encoding", id="unknown encoding"),
        pytest.param(
            b'<EdXMLEnvelope xmlns="http://www.go.vn/eDoc"/>',
            "the root element is EdXMLEnvelope, not edXML",
            id="another format",
        ),
        pytest.param(b"<edXML/>", "there is no MessageHeader", id="nothing in it"),
        pytest.param(
            holding(("a.pdf", "eA==</ContentTransferEncoded><ContentTransferEncoded>eA==")),
            r"attachment a.pdf has two contents",
            id="two contents",
        ),
    ],
)
def test_what_is_no_package_is_refused_with_the_place(package, reason, tmp_path):
    """The reason says what and where, and nothing is left in the folder."""
    with pytest.raises(PackageUnreadable, match=reason):
        read(package, tmp_path)
    assert list(tmp_path.iterdir()) == []


def nested(depth):
    return b"<edXML>" + b"<a>" * depth + b"</a>" * depth + b"</edXML>"


@pytest.mark.parametrize(
    ("limits", "package", "reason"),
    [
        ({"package": 9000}, NEW, "the package is longer than 9000 bytes"),
        ({"attachment": 15}, NEW, "attachment a.pdf is longer than 15 bytes"),
        ({"total": 40}, NEW, "with c.xlsx the attachments are longer than 40 bytes"),
        ({"attachments": 6}, NEW, "more than 6 attachments"),
        ({"header": 5000}, NEW, "the header is longer than 5000 characters"),
        ({"header": 400_000}, b"<edXML x='%s'/>" % (b"y" * 500_000), "header"),
        ({"field": 20}, NEW, r"element OrganName is longer than 20 characters \(line 9\)"),
        ({}, nested(33), r"nested more than 32 deep \(line 1\)"),
        ({}, nested(2).replace(b"<a>", b"<Signature>" + b"<b>" * 40, 1), "nested more than 32"),
        (
            {},
            nested(1).replace(b"<a>", b"<a %s>" % b" ".join(b'a%d=""' % n for n in range(33))),
            "element a has more than 32 attributes",
        ),
        ({}, b"<edXML><!--" + b"x" * 3 * MB, "a tag or comment at line 1 is too long"),
        ({}, b"<edXML a='" + b"x" * 3 * MB, "a tag or comment at line 1 is too long"),
        ({}, b"<edXML>" + b"<a/>" * 200_000, "the header is longer than 2000000 characters"),
        ({"attachment": 9}, holding(("a.pdf", b64(b"x" * 10)[:-2])), "a.pdf is longer than 9"),
    ],
)
def test_every_limit_is_named_when_it_is_passed(limits, package, reason, tmp_path):
    """Whoever reads the refusal knows which number to raise."""
    with pytest.raises(PackageUnreadable, match=reason) as caught:
        read(package, tmp_path, limits=replace(LIMITS, **limits))
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_attachments_count_together(tmp_path):
    """Each is within its limit, the third goes beyond what all may be."""
    package = holding(*((f"{number}.pdf", b64(b"x" * 10)) for number in range(3)))

    with pytest.raises(PackageUnreadable, match=r"with 2\.pdf the attachments are longer than 29"):
        read(package, tmp_path, limits=replace(LIMITS, total=29))
    assert len(read(package, tmp_path, limits=replace(LIMITS, total=30)).files) == 3


def test_a_package_as_large_as_allowed_is_read():
    """The limit itself is within it."""
    limits = replace(LIMITS, package=len(NEW), attachments=7)

    edxml.read_header(io.BytesIO(NEW), limits=limits)
    with pytest.raises(PackageUnreadable, match="longer than"):
        edxml.read_header(io.BytesIO(NEW), limits=replace(limits, package=len(NEW) - 1))


def test_namespaces_nobody_knows_do_not_drown_the_rest():
    """A hostile header could hold a hundred thousand."""
    many = b"".join(b"<p%d:x/>" % number for number in range(500))
    warnings = header_of(
        NEW.replace(b"<AttachmentEncoded>", many + b"<AttachmentEncoded>")
    ).warnings

    assert len(warnings) == 20


def test_fields_that_cannot_be_read_do_not_drown_the_rest():
    """Nobody reads the thousandth warning."""
    many = b"<edXML:To/>" * 1000
    package = header_of(NEW.replace(b"<edXML:DocumentId>", many + b"<edXML:DocumentId>", 1))

    assert len(package.warnings) == 200
    assert len(package.document.receivers) == 1002


# -- archives ----------------------------------------------------------------------------------


def bomb(size):
    """Return a deflated archive of that many zeros, made without holding them."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(MB)
    data = b"".join(deflate.compress(block) for _ in range(size // MB)) + deflate.flush()
    crc = 0
    for _ in range(size // MB):
        crc = zlib.crc32(block, crc)
    name = b"x.txt"
    fields = b"".join(
        value.to_bytes(width, "little")
        for value, width in [(20, 2), (0, 2), (8, 2), (0, 2), (33, 2), (crc, 4)]
    ) + len(data).to_bytes(4, "little")
    tail = len(name).to_bytes(2, "little") + bytes(2)

    def archive(told):
        size_field = told.to_bytes(4, "little")
        local = b"PK\x03\x04" + fields + size_field + tail + name + data
        entry = b"PK\x01\x02" + b"\x14\0" + fields + size_field + tail + bytes(14) + name
        return local, entry

    return archive


def archive_of(size, told):
    local, entry = bomb(size)(told)
    end = (
        b"PK\x05\x06"
        + bytes(4)
        + b"\1\0\1\0"
        + len(entry).to_bytes(4, "little")
        + len(local).to_bytes(4, "little")
        + bytes(2)
    )
    return local + entry + end


def test_a_bomb_that_tells_its_size_is_refused_unopened(tmp_path):
    """Two gigabytes of zeros fit two megabytes."""
    content = archive_of(64 * MB, told=2048 * MB)

    with pytest.raises(PackageUnreadable, match=r"a\.txt is longer than 536870912 bytes"):
        read(holding(("a.txt", b64(content))), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_bomb_of_two_gigabytes_leaves_nothing_behind(tmp_path):
    """However much it would become, no more than the limit is ever written."""
    content = archive_of(2048 * MB, told=2048 * MB)

    assert len(content) < 3 * MB
    with pytest.raises(PackageUnreadable, match=r"a\.txt is longer than 1048576\d? bytes"):
        read(
            holding(("a.txt", b64(content))), tmp_path, limits=replace(LIMITS, attachment=10 * MB)
        )
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_told(tmp_path):
    """What was cut at the size it told does not match its check sum."""
    content = archive_of(8 * MB, told=1000)

    with pytest.raises(PackageUnreadable, match=r"a\.txt is damaged"):
        read(holding(("a.txt", b64(content))), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unzipped_files_count_towards_the_total(tmp_path):
    """Many small bombs are one large one."""
    content = b64(zipped(("x", bytes(MB))))
    names = [f"{number}.txt" for number in range(5)]

    with pytest.raises(PackageUnreadable, match=r"with 3\.txt the attachments are longer"):
        read(
            holding(*((name, content) for name in names)),
            tmp_path,
            limits=replace(LIMITS, total=3 * MB + MB // 2),
        )
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_is_nothing_but_a_list_is_kept_unopened(tmp_path):
    """Its entries, each many times as large in memory, are never loaded."""
    folders = ((f"{number:030}/", b"") for number in range(15_000))
    content = zipped(("x", b"noi dung"), *folders)
    package = read(holding(("a.txt", b64(content))), tmp_path)

    assert package.files[0].size == len(content)
    assert "cannot be opened" in str(package.warnings[0])


# -- anything at all ---------------------------------------------------------------------------


@st.composite
def mutilated(draw):
    """Return a package with some of its bytes cut, doubled, or written over."""
    package = bytearray(draw(st.sampled_from([NEW, STATUS, DOTNET])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(package)))
        length = draw(st.integers(0, 60))
        new = draw(
            st.binary(max_size=6)
            | st.sampled_from([b"<", b">", b"&#13;", b"]]>", b"<![CDATA[", b"=", b"", b"<!--"])
            | st.just(bytes(package[at : at + 40]))
        )
        package[at : at + length] = new
    return bytes(package)


@settings(deadline=None)
@given(mutilated())
def test_whatever_the_bytes_only_a_refusal_escapes(package):
    """A package is read or it is PackageUnreadable, and then nothing of it stays."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read(package, Path(folder))
        except PackageUnreadable:
            assert list(Path(folder).iterdir()) == []
        else:
            files = found.files if isinstance(found, edxml.DocumentPackage) else ()
            assert sorted(Path(folder).iterdir()) == sorted(file.path for file in files)


@settings(deadline=None)
@given(st.data())
def test_whatever_an_archive_holds_only_a_refusal_escapes(data):
    """Bytes written over anywhere in an archive."""
    content = bytearray(zipped(("x.txt", b"noi dung " * 20)))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    package = holding(("a.txt", base64.b64encode(content).decode()))
    with tempfile.TemporaryDirectory() as folder:
        try:
            (file,) = read(package, Path(folder)).files
        except PackageUnreadable:
            assert list(Path(folder).iterdir()) == []
        else:
            assert list(Path(folder).iterdir()) == [file.path]
