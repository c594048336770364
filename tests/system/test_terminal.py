"""What a person sees on a terminal of 80 columns, and what a program reads from a pipe."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta

import pytest
from builders import MINUTE, T0, a_document, a_listed, a_new_document, stored
from rich.cells import cell_len
from system_world import EDGE_NODE, an_office, environment, on_a_terminal

from edge_node.adapters.queue import Queue
from edge_node.domain.document import agency_code
from edge_node.domain.envelope import Lane, MessageType
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say

LONG = "; ".join(
    ["Về việc đẩy mạnh ứng dụng công nghệ thông tin trong hoạt động của cơ quan nhà nước"] * 5
)
HOSTILE = "Hỏa tốc\x9b31m\u202e\n" + "Uỷ ban nhân dân tỉnh " * 12  # colours, turned text
OUT, IN, PLAIN = "o000000001", "i", "o000000002"


@pytest.fixture(scope="module")
def busy(tmp_path_factory, axis):
    """Fill a queue with what is hard to show."""
    office = an_office(tmp_path_factory.mktemp("busy"), axis)
    queue = Queue(office.home / "data" / "queue.db")
    receivers = [agency_code(f"000.00.{n}.H53") for n in range(10, 22)]
    document = a_document(
        "1234567890123456789",
        notation="QĐ-UBND-VP-TH-KTTH-NC-VX",
        to=receivers,
        sender=office.code,
        subject=LONG,
    )
    queue.outgoing.add(a_new_document(OUT, document=document, name="1234-QD-UBND"), now=T0)
    refuse(queue, T0 + MINUTE)
    plain = a_document("7", sender=office.code)
    queue.outgoing.add(a_new_document(PLAIN, document=plain), now=T0 + 2 * MINUTE)
    receive(queue)
    queue.close()
    return office


def refuse(queue, now):
    claim, _ = queue.outgoing.claim(MessageType.DOCUMENT, now=now, lease=MINUTE)
    reason = say("the axis said no: {words}", words=LONG)
    queue.outgoing.defer(claim, now=now, until=now + timedelta(seconds=1), reason=reason)
    claim, envelope = queue.outgoing.claim(MessageType.DOCUMENT, now=now + MINUTE, lease=MINUTE)
    queue.outgoing.settle(claim, SendingEvent.REFUSED, now=now + MINUTE, reason=reason)
    queue.outgoing.happened(
        envelope.item, envelope.receivers[0], SendingEvent.CONFIRMED, now=now + 2 * MINUTE
    )


def receive(queue):
    queue.arriving.add(a_listed(), stored(), None, now=T0)
    claim, _ = queue.arriving.claim(Lane.ACKNOWLEDGE, now=T0, lease=MINUTE)
    queue.arriving.acknowledged(claim, now=T0)
    claim, _ = queue.arriving.claim(Lane.DELIVER, now=T0, lease=MINUTE)
    document = a_document("88", sender=agency_code("000.00.13.H37"), subject=HOSTILE)
    queue.arriving.prepared(claim, document, "20261121_folder", fingerprint="", now=T0)
    queue.arriving.delivered(claim, None, now=T0)


@pytest.mark.parametrize(
    ("language", "command"),
    [
        *(("vi", [command]) for command in ("list", "status", "--help")),
        *(("vi", [command, item]) for command in ("show", "log") for item in (OUT, IN)),
        ("en", ["list"]),
        ("en", ["show", OUT]),
        ("en", ["list", "--state", "x"]),
    ],
    ids=str,
)
def test_no_line_is_wider_than_the_screen(busy, language, command):
    """Long subjects are broken, columns cut, in both languages; nothing steers the terminal."""
    lines = on_a_terminal("-c", busy.config, *command, EDGE_NODE_LANG=language)
    assert lines
    assert [line for line in lines if cell_len(line) > 80] == []
    assert not {"\x1b", "\x9b", "\u202e"} & set("".join(lines))


def test_a_wide_screen_and_a_pipe_show_everything(busy):
    """Only where a screen is too narrow is anything left out or broken."""
    piped = busy.command("list").stdout.splitlines()
    assert "1234567890123456789/QĐ-UBND-VP-TH-KTTH-NC-VX" in piped[2]
    assert f"subject     {LONG}" in busy.command("show", OUT).stdout.splitlines()
    wide = on_a_terminal("-c", busy.config, "list", columns=250)
    assert wide == piped


def test_a_list_tells_newest_first_where_each_document_stands(busy):
    """A line a document: id, when, to or from whom, its number, its state at each receiver."""
    head, *rows = busy.command("list").stdout.splitlines()
    assert head.split() == ["ID", "WHEN", "AGENCY", "NUMBER", "STATE"]
    assert [row.split()[0] for row in rows[:2]] == [PLAIN, OUT]
    assert rows[0].split()[1:] == [
        "2026-11-21", "08:02", "→", "H99.02", "7/UBND-VP", "queued",
    ]  # fmt: skip
    assert rows[1].split()[3:5] == ["→", "000.00.10.H53"]
    assert rows[1].endswith("11 refused, 1 delivered")
    assert rows[2].split()[3:] == ["←", "000.00.13.H37", "88/UBND-VP", "delivered"]


def test_every_reading_command_speaks_json(busy):
    """One object a line, with the words of the tables and not of the reader."""
    documents = busy.told("list")
    assert [document["direction"] for document in documents] == ["out", "out", "in"]
    assert documents[1]["subject"] == LONG
    assert busy.told("show", OUT) == [documents[1]]
    assert busy.told("list", "--out", "--state", "refused") == [documents[1]]
    assert busy.told("list", "--limit", "1", "--out") == documents[:1]
    story = [line["event"] for line in busy.told("log", PLAIN)]
    assert story == ["queued"]
    [standing] = busy.told("status")
    assert standing["counts"]["out"] == {"delivered": 1, "queued": 1, "refused": 11}
    [config] = busy.told("config")
    assert config["agency"]["code"] == busy.code


def test_a_story_is_told_in_the_order_it_happened(busy):
    """An attempt stands before what it led to."""
    events = [line.split("  ")[1] for line in busy.command("log", OUT).stdout.splitlines()]
    assert events[:12] == ["queued"] * 12
    assert events[12:14] == ["attempt 1: to be tried again", "attempt 2: refused"]
    assert events[14:] == ["refused"] * 12 + ["delivered"]


def test_a_document_goes_by_the_beginning_of_its_id_or_by_its_document_id(busy):
    """Whatever names exactly one is enough; what names several or none is not."""
    [document] = busy.told("show", OUT)
    assert busy.told("show", document["document_id"]) == [document]
    assert busy.told("show", "i")[0]["direction"] == "in"
    for name, words in (("o", "several documents go by o"), ("x", "no document goes by x")):
        answer = busy.command("show", name)
        assert (answer.returncode, answer.stdout) == (1, "")
        hint = "hint: `edge-node list` shows the ids"
        assert answer.stderr.splitlines() == [f"edge-node: {words}", hint]


def test_what_cannot_be_sent_again_says_why(busy):
    """A document from outside, and one that has arrived, stay as they are."""
    arrived = busy.told("show", OUT)[0]["fates"][0]["receiver"]
    refusals = {
        ("i",): "came from outside: it does not leave",
        (OUT, "--to", arrived): arrived,
        (OUT, "--to", "H1"): "the document is not for H1",
    }
    for arguments, words in refusals.items():
        answer = busy.command("resend", *arguments)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert words in answer.stderr.splitlines()[0]
        assert answer.stderr.splitlines()[1].startswith("hint: ")


@pytest.mark.parametrize("command", [["list", "--json"], ["schema", "document"]], ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_error(busy, command):
    """`edge-node … | head -1` ends quietly, with exit 0."""
    process = subprocess.Popen(
        [*EDGE_NODE, "-c", str(busy.config), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    process.stdout.close()  # before it has said anything
    _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, b"")


def test_in_vietnamese_the_words_are_vietnamese_and_the_json_is_not(busy):
    """EDGE_NODE_LANG chooses the language of people; programs read the same in any."""
    vietnamese = busy.command("status", EDGE_NODE_LANG="vi").stdout
    assert vietnamese.startswith("cơ quan ")
    assert busy.command("status", LANG="vi_VN.UTF-8", EDGE_NODE_LANG="").stdout == vietnamese
    spoken = busy.command("list", "--json", EDGE_NODE_LANG="vi").stdout
    assert json.loads(spoken.splitlines()[0])["fates"][0]["state"] == "queued"
