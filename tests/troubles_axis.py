"""Broken situations on the way to the axis: not there, not itself, not willing, not knowing us."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import partial

import trustme
from loopback import http_server
from sandbox_world import Caller, a_status
from troubles_stage import PEER, US, Asked, dropped, explained, trouble

from edge_node.adapters.history import note
from edge_node.adapters.queue import Queue
from edge_node.domain.item import ItemId

UNPROVEN = ("indeterminate", "unsigned")
NOWHERE = "http://127.0.0.1:9"  # the port of `discard`, where nobody listens


@trouble(
    "clock-off",
    en="This machine's clock is 10 minutes off",
    vi="Đồng hồ máy này lệch 10 phút",
    check="axis.clock",
)
def clock_off(stage):
    behind = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    yield Asked(office=stage.office(url=stage.an_axis(clock=behind)))


@trouble(
    "clock-back",
    en="This machine's clock jumped back",
    vi="Đồng hồ máy này bị lùi lại",
    check="clock.back",
    quick=True,
)
def clock_back(stage):
    office = stage.office()
    queue = Queue(office.home / "data/queue.db")
    with queue.file.transaction() as transaction:
        later = datetime.now(UTC) + timedelta(hours=2)
        note(transaction, ItemId("o222222222"), "taken-in", now=later)
    queue.close()
    yield Asked(office=office)


@trouble("axis-down", en="The axis is down", vi="Trục không hoạt động", check="axis.connection")
def axis_down(stage):
    yield Asked(office=stage.office(url=NOWHERE))


@trouble(
    "axis-503",
    en="The axis answers HTTP 503",
    vi="Trục trả lời HTTP 503",
    check="axis.answer",
)
def axis_503(stage):
    yield Asked(office=stage.office(url=stage.an_axis(faults="faults:\n- {fault: error}\n")))


@trouble(
    "dns-failing",
    en="Nobody knows where the axis is (DNS)",
    vi="Không phân giải được tên máy của trục (DNS)",
    check="names.axis",
)
def dns_failing(stage):
    yield Asked(office=stage.office(url="https://truc.invalid"))


@trouble(
    "tls-chain",
    en="The axis shows a certificate whose issuer nobody trusts",
    vi="Chứng thư TLS của trục do nơi không được tin cậy cấp",
    check="axis.tls",
)
def tls_chain(stage):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = stage.ending.enter_context(http_server(context))
    yield Asked(office=stage.office(url=server.url))


@trouble(
    "wrong-secret",
    en="The secret of the axis is wrong",
    vi="Khóa bí mật dùng với trục bị sai",
    check="axis.credentials",
    quick=True,
)
def wrong_secret(stage):
    office = stage.office()
    office.secret.write_text("another-secret\n")
    yield Asked(office=office)


@trouble(
    "own-code-unknown",
    en="The axis knows no agency of our code",
    vi="Trục không có đơn vị mang mã của cơ quan này",
    check="axis.code",
)
def own_code_unknown(stage):
    office = stage.office(code="H37.99", system_id=US, directory={"lists": ["agencies"]})
    dropped(office, 12)
    assert office.command("once").returncode == 0
    (item,) = [each["id"] for each in office.told("list", "--out")]
    refused = ("explain", item)
    yield (
        Asked(office=office),
        Asked(office=office, arguments=refused, named=partial(explained, "refused")),
    )


@trouble(
    "quarantined",
    en="A document that came is kept in quarantine",
    vi="Có văn bản đến bị giữ cách ly",
    check="aside.quarantined",
)
def quarantined(stage):
    office = stage.office(door={"incoming": dict.fromkeys(UNPROVEN, "quarantine")})
    peer = stage.office(code=PEER, home="phong-mau")
    peer.drop(1, office)
    assert peer.command("once").returncode == 0
    assert office.command("once").returncode == 0
    yield Asked(office=office), of_the_one(office, "quarantined")


@trouble(
    "unknown-document",
    en="Statuses came for documents nobody here knows",
    vi="Có trạng thái gửi đến cho văn bản không có ở đây",
    check="aside.parked",
)
def unknown_document(stage):
    office = stage.office()
    peer = Caller(url=stage.axis, code=PEER, secret=stage.secret(PEER).read_bytes().strip())
    peer.send(a_status(PEER, US, document_id=f"{US},2026/11/20,99,UBND-VP"), "status")
    assert office.command("once").returncode == 0
    yield Asked(office=office), of_the_one(office, "parked")


def of_the_one(office, state):
    """Ask for the story of the one thing that came in and stands so."""
    (item,) = [each["id"] for each in office.told("list", "--in", "--state", state)]
    return Asked(office=office, arguments=("explain", item), named=partial(explained, state))
