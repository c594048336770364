"""What parent and child say to each other, and what neither believes."""

from __future__ import annotations

import json
import os
import socket
import struct
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto.util import extended_datetime

from edge_node.domain.message import Message, say
from edge_node.domain.signature import (
    CertificateFacts,
    Coverage,
    FileVerdict,
    Revocation,
    SignatureVerdict,
    Sub,
    Verdict,
)
from edge_node.domain.time import in_vietnam
from edge_node.notary.told import (
    NAME,
    Blobs,
    read_examined,
    read_message,
    read_trust,
    tell_examined,
    tell_message,
    tell_trust,
)
from edge_node.notary.trust import Checking, Evidence, Examined, Kind, Trust, Wanted
from edge_node.notary.wire import (
    EARLIEST,
    LATEST,
    TEXT,
    TO_CHILD,
    TO_PARENT,
    Garbled,
    HungUp,
    Packet,
    clean,
    receive,
    send,
)

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FACTS = CertificateFacts(
    subject="Nguyễn Văn A",
    issuer="CA",
    serial="0a",
    fingerprint="ff" * 32,
    not_before=NOW,
    not_after=NOW.replace(year=2030),
)
SIGNATURE = SignatureVerdict(
    verdict=Verdict.INVALID,
    why=say("{part} was changed", part="/word/document.xml"),
    sub=Sub.HASH_FAILURE,
    name="Chữ ký 1",
    profile="PAdES-B-T",
    signer=FACTS,
    signed_at=NOW,
    stamped_at=NOW,
    stamped_by="TSA",
    chain=(FACTS, FACTS),
    coverage=Coverage.PARTIAL,
    uncovered=("/a", "/b"),
    algorithm="rsa2048-sha256",
    revocation=Revocation.GOOD,
    evidence=("ab" * 32,),
    warnings=(say("it says: {why}", why=say("no {what!r}", what="time")),),
)
EXAMINED = Examined(
    verdict=FileVerdict(
        verdict=Verdict.INVALID,
        why=SIGNATURE.why,
        sub=Sub.HASH_FAILURE,
        signatures=(SIGNATURE,),
        signed=True,
        for_good=True,
        warnings=(say("careful"),),
    ),
    wanted=(
        Wanted(kind=Kind.OCSP, url="http://ocsp.example/", request=b"\x30\x03"),
        Wanted(kind=Kind.CRL, url="http://crl.example/"),
    ),
)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ours, theirs


def over(pair, packet, bounds=TO_PARENT):
    """Send a packet and return what arrives."""
    send(pair[0], packet)
    return receive(pair[1], bounds)


def test_a_verdict_comes_back_as_it_was_sent(pair):
    """Every field of every value survives the way."""
    assert read_examined(over(pair, tell_examined(EXAMINED))) == EXAMINED


@pytest.mark.parametrize("url", ["http://a/" + "x" * 1000, "http://a/\n", "ldap://\u202e"])
def test_a_place_that_would_be_refused_is_not_told(pair, url):
    """A certificate names places as it pleases, and the verdict is told all the same."""
    place = Wanted(kind=Kind.CRL, url=url)
    examined = replace(EXAMINED, wanted=(place, *EXAMINED.wanted))
    assert read_examined(over(pair, tell_examined(examined))) == EXAMINED


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), EARLIEST),
        (extended_datetime(0, 1, 1, tzinfo=UTC), EARLIEST),
        (datetime.max.replace(tzinfo=UTC), LATEST),  # RFC 5280: a certificate without an end
        (datetime(2055, 1, 1), datetime(2055, 1, 1, tzinfo=UTC)),  # noqa: DTZ001 - as it is read
    ],
)
def test_a_moment_at_the_end_of_time_is_one_of_every_zone(pair, said, read):
    """A certificate says what it pleases of its years, and the verdict is told all the same."""
    facts = replace(FACTS, not_before=said, not_after=said)
    told = replace(SIGNATURE, signer=facts, signed_at=said, stamped_at=None)
    verdict = replace(EXAMINED.verdict, signatures=(told,))
    came = read_examined(over(pair, tell_examined(replace(EXAMINED, verdict=verdict))))
    (signature,) = came.verdict.signatures
    assert (signature.signed_at, signature.stamped_at) == (read, None)
    assert signature.signer == replace(FACTS, not_before=read, not_after=read)
    assert in_vietnam(read).year in {1, 2055, 9999}


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_of_a_child_is_bounded_as_well(said):
    """Whoever shows it adds hours to it."""
    (signature,) = read_examined(altered((*ONE, "signed_at"), said)).verdict.signatures
    assert signature.signed_at in {EARLIEST, LATEST}


def test_whom_to_believe_comes_back_as_it_was_sent(pair):
    """Certificates and evidence travel as bytes behind the text."""
    trust = Trust(
        roots=(b"a", b"b"),
        intermediates=(b"c",),
        evidence=(Evidence(kind=Kind.CRL, content=b"d" * 100_000),),
        checking=Checking.IF_POSSIBLE,
        legacy_sha1=True,
        minimum_rsa=3072,
    )
    blobs = Blobs()
    packet = over(
        pair, Packet(body={"trust": tell_trust(trust, blobs)}, blobs=blobs.all), TO_CHILD
    )
    assert read_trust(packet.body["trust"], packet.blobs) == trust


def test_files_ride_along_to_a_child_that_expects_them(pair, tmp_path):
    """An open file arrives open, as a descriptor of its own."""
    (tmp_path / "file").write_text("content")
    with (tmp_path / "file").open() as file:
        send(pair[0], Packet(files=(file.fileno(),)))
    (descriptor,) = receive(pair[1], TO_CHILD, files=1).files
    assert not os.get_inheritable(descriptor)
    with os.fdopen(descriptor) as file:
        assert file.read() == "content"


def test_more_files_than_expected_are_refused_and_closed(pair):
    """Nothing that nobody asked for stays open."""
    with open(os.devnull) as file:  # noqa: PTH123 - a device
        send(pair[0], Packet(files=(file.fileno(),) * 3))
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(Garbled, match="files"):
            receive(pair[1], TO_CHILD, files=1)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_end_of_the_connection_is_told_from_nonsense(pair):
    """Who hangs up, even in the middle, has not said something wrong."""
    pair[0].sendall(struct.pack("!II", 100, 0) + b"{")
    pair[0].close()
    with pytest.raises(HungUp):
        receive(pair[1], TO_PARENT)
    with pytest.raises(HungUp):
        send(pair[1], Packet())


@pytest.mark.parametrize(
    ("text", "blobs"),
    [
        (b"", 0),
        (b"nonsense", 0),
        (b"\xff", 0),
        (b"[]", 0),
        (b"[" * 20_000, 0),
        (b'{"body":[],"sizes":[]}', 0),
        (b'{"body":{},"sizes":[],"more":1}', 0),
        (b'{"body":{"a":NaN},"sizes":[]}', 0),
        (b'{"body":{"a":' + b"9" * 5000 + b'},"sizes":[]}', 0),
        (b'{"body":{},"sizes":[-1,1]}', 0),
        (b'{"body":{},"sizes":[true]}', 1),
        (b'{"body":{},"sizes":[5]}', 1),
        (b'{"body":{},"sizes":[]}', 1 << 30),
    ],
)
def test_what_is_no_packet_is_refused(pair, text, blobs):
    """Nothing but `Garbled` comes of whatever a child sends."""
    pair[0].sendall(struct.pack("!II", len(text), blobs) + text)
    pair[0].sendall(b"x")
    with pytest.raises(Garbled):
        receive(pair[1], TO_PARENT)


def test_what_is_announced_too_long_is_not_waited_for(pair):
    """The length is refused before a byte of it is read."""
    pair[0].sendall(struct.pack("!II", 0xFFFFFFFF, 0xFFFFFFFF))
    with pytest.raises(Garbled, match="too long"):
        receive(pair[1], TO_PARENT)


def altered(path, value):
    """Return the packet of a verdict with one thing in it changed."""
    packet = tell_examined(EXAMINED)
    body = json.loads(json.dumps(packet.body))
    *way, last = path
    at = body
    for step in way:
        at = at[step]
    if value is altered:
        del at[last]
    else:
        at[last] = value
    return Packet(body=body, blobs=packet.blobs)


ONE = ("verdict", "signatures", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("more",), 1),
        (("wanted",), altered),
        (("verdict",), None),
        (("verdict", "verdict"), "GOOD"),
        (("verdict", "verdict"), ["VALID"]),
        (("verdict", "verdict"), "VALID"),  # with a sub-indication
        (("verdict", "signed"), 1),
        (("verdict", "for_good"), None),
        (("verdict", "sub"), "NOTHING"),
        (("verdict", "why"), "a sentence"),
        (("verdict", "why"), ["{a}", {}]),
        (("verdict", "why"), ["{a.__class__}", {"a": "x"}]),
        (("verdict", "why"), ["{a[0]}", {"a": "x"}]),
        (("verdict", "why"), ["{a:>99999999}", {"a": "x"}]),
        (("verdict", "why"), ["{}", {"": "x"}]),
        (("verdict", "why"), ["{a", {"a": "x"}]),
        (("verdict", "why"), ["x" * 5000, {}]),
        (("verdict", "why"), ["\x1b[2J", {}]),
        (("verdict", "why"), ["{a}", {"a": 1.5}]),
        (("verdict", "why"), ["{a}", {"a": 1 << 70}]),
        (
            ("verdict", "why"),
            ["{a}", {"a": ["{a}", {"a": ["{a}", {"a": ["{a}", {"a": ["", {}]}]}]}]}],
        ),
        (("verdict", "warnings"), [["", {}]] * 1000),
        (("verdict", "signatures"), [None] * 10_000),
        ((*ONE, "signer"), {}),
        ((*ONE, "signer"), []),
        ((*ONE, "signer", "not_after"), "2026-01-01T00:00:00"),  # of what zone
        ((*ONE, "signer", "not_after"), "soon"),
        ((*ONE, "signed_at"), 5),
        ((*ONE, "name"), 5),
        ((*ONE, "coverage"), "all"),
        ((*ONE, "uncovered"), "all"),
        ((*ONE, "uncovered"), [1]),
        ((*ONE, "verdict"), "VALID"),
        (("wanted", 0, "url"), "x" * 5000),
        (("wanted", 0, "url"), "http://a\n"),
        (("wanted", 0, "kind"), "ftp"),
        (("wanted", 0, "request"), 2),
        (("wanted", 0, "request"), -1),
        (("wanted", 0, "request"), True),
    ],
)
def test_an_answer_that_is_wrong_anywhere_is_no_answer(path, value):
    """A child that has been taken over can lie, and can do nothing else."""
    with pytest.raises(Garbled):
        read_examined(altered(path, value))


SOUND = replace(SIGNATURE, verdict=Verdict.VALID, sub=None)
STAMP = replace(SOUND, profile="DTS")


@pytest.mark.parametrize(
    "signatures",
    [
        (),
        (STAMP,),
        (SOUND, SIGNATURE),
        (SOUND, replace(SIGNATURE, verdict=Verdict.INDETERMINATE)),
        (SOUND, replace(STAMP, verdict=Verdict.INVALID)),
    ],
)
def test_no_file_is_valid_without_signatures_that_are(signatures):
    """A child that was taken over has to make up a signature at least, which is shown."""
    lie = FileVerdict(
        verdict=Verdict.VALID, why=say("fine"), sub=None, signatures=signatures, signed=True
    )
    with pytest.raises(Garbled):
        read_examined(tell_examined(Examined(verdict=lie)))
    doubtful = replace(STAMP, verdict=Verdict.INDETERMINATE)
    told = Examined(verdict=replace(lie, signatures=(SOUND, doubtful)))
    assert read_examined(tell_examined(told)) == told


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Nguyễn Văn A\u00a0(UBND)", "Nguyễn Văn A\u00a0(UBND)"),
        ("a\x1b[31mb\nc", "a\ufffd[31mb\ufffdc"),
        ("a\ud800b", "a\ufffdb"),
        ("a\ufffeb\uffff", "a\ufffdb\ufffd"),  # which no status could carry
        ("fdp.\u202eexe", "fdp.\ufffdexe"),
        ("x" * 5000, "x" * (TEXT - 1) + "…"),
    ],
)
def test_names_are_read_without_what_harms_a_screen(said, read):
    """A certificate may name its owner as it pleases, and the log is shown in a terminal."""
    packet = altered((*ONE, "signer", "subject"), said)
    (signature,) = read_examined(packet).verdict.signatures
    assert signature.signer.subject == read
    read.encode()

    message = read_message(tell_message(say("by {name}", name=said)))
    assert message == Message("by {name}", {"name": clean(said, most=NAME)})
    assert len(message.values["name"]) <= NAME
