"""What the doctor finds of folders, secrets, room, queue and axis that are not in order."""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme
from doctor_world import Paper
from loopback import http_server, raw_server, read_request

from edge_node.adapters.account import ENTER, READ, WRITE, Account
from edge_node.adapters.marks import Marks
from edge_node.adapters.queue import Queue
from edge_node.adapters.witness import Witness
from edge_node.checks.check import Situation
from edge_node.checks.finding import Health
from edge_node.checks.looks import folders
from edge_node.config import load

NOW = datetime.now(UTC)
STRANGER = Account(user=4_000_001, groups=frozenset({4_000_001}))


@pytest.fixture
def node(tmp_path):
    return Paper(tmp_path)


def healths(found):
    return {check: one.health for check, one in found.items() if check != "configuration"}


# ── folders ──────────────────────────────────────────────────────────────────────────────────────


def test_folders_as_they_were_made_are_good(node):
    """And nothing was touched to find that out."""
    before = {path: path.lstat().st_mtime_ns for path in node.folder.rglob("*")}
    found = node.finds("folders")

    assert healths(found) == dict.fromkeys(
        ("folders.data", "folders.exchange", "folders.rights", "folders.rename"), Health.GOOD
    )
    before.pop(node.config)  # written by the test itself
    assert {path: path.lstat().st_mtime_ns for path in before} == before


def test_a_missing_exchange_folder_is_found(node):
    """A share that is not mounted is an empty folder, or none."""
    shutil.rmtree(node.exchange)
    finding = node.finds("folders")["folders.exchange"]

    assert finding.health is Health.BAD
    assert "mount the share again" in str(finding.cure)


def test_a_folder_of_it_that_is_missing_is_found(node):
    """The command that makes it again is named."""
    (node.exchange / "receipts").rmdir()
    finding = node.finds("folders")["folders.exchange"]

    assert (finding.health, "receipts" in str(finding.why)) == (Health.BAD, True)
    assert "edge-node init" in str(finding.cure)


def test_the_exchange_folder_of_another_is_found(node):
    """By its identity file."""
    identity = node.exchange / ".edge-node"
    identity.write_text(identity.read_text().replace("H37.02", "H37.03"))

    assert node.finds("folders")["folders.exchange"].health is Health.BAD


def test_an_exchange_folder_on_another_file_system_is_found(node):
    """It works, by copying each drop."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        there = Path(elsewhere) / "exchange"
        shutil.copytree(node.exchange, there)
        node.told["folders"]["exchange"] = str(there)
        finding = node.finds("folders")["folders.rename"]

    assert finding.health is Health.WARN
    assert "copied" in str(finding.why)


@pytest.mark.parametrize(
    ("name", "check"), [("", "folders.data"), ("exchange/inbox", "folders.rights")]
)
def test_folders_open_to_everybody_are_found(node, name, check):
    """With the command that closes them."""
    folder = node.data / name
    folder.chmod(0o777)
    finding = node.finds("folders")[check]

    assert finding.health is Health.WARN
    assert str(finding.cure) == f"chmod o-rwx {folder}"


def test_folders_the_nodes_account_may_not_use_are_found(node):
    """Whoever looks as root may; what counts is the account of the service."""
    situation = Situation(
        config=load(node.config), now=NOW, environ={}, process=None, account=STRANGER
    )
    found = [one for one in folders.CHECK.look(situation) if one.health is Health.BAD]

    assert {one.check for one in found} == {"folders.data", "folders.rights"}
    assert len(found) == 10
    assert all(str(one.cure).startswith("chown 4000001 ") for one in found)


def test_an_account_is_judged_by_the_modes(tmp_path):
    """As owner, as one of the group, or as anybody else; root may everything."""
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o640)
    user, group = os.geteuid() or 4_000_002, file.stat().st_gid
    others = Account(user=user + 1, groups=frozenset({group + 1}))
    one_of_us = Account(user=user + 1, groups=frozenset({group}))

    assert [others.may(file, need) for need in (READ, WRITE)] == [False, False]
    assert [one_of_us.may(file, need) for need in (READ, WRITE)] == [True, False]
    assert Account(user=file.stat().st_uid, groups=frozenset()).may(file, READ + WRITE)
    assert Account(user=0, groups=frozenset()).may(file, READ + WRITE + ENTER)


def test_the_account_of_a_node_at_work_is_its_processs(tmp_path):
    """With every group it is in; without a process, that of whoever owns the data folder."""
    assert Account.of(tmp_path, os.getpid()).groups >= {os.getegid()}
    assert Account.of(tmp_path, None).user == tmp_path.stat().st_uid


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_everybody_may_read_is_found(node):
    """And is not shown."""
    assert healths(node.finds("secrets")) == {"secret.axis": Health.GOOD}
    node.secret.chmod(0o644)
    finding = node.finds("secrets")["secret.axis"]

    assert (finding.health, str(finding.cure)) == (Health.BAD, f"chmod o-rwx {node.secret}")
    assert "SECRET-OF" not in f"{finding}"


def test_a_secret_that_is_missing_is_found(node):
    """As the calls would."""
    node.secret.unlink()
    assert node.finds("secrets")["secret.axis"].health is Health.BAD


def test_a_credential_is_for_the_service_to_see(node, tmp_path):
    """From a shell nobody knows; from within, it is looked at like any other."""
    node.told["axis"]["secret_file"] = "credential:axis-secret"
    outside = node.finds("secrets")["secret.axis"]
    inside = node.finds("secrets", environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})

    assert outside.health is Health.UNKNOWN
    assert "LoadCredential=axis-secret:FILE" in str(outside.cure)
    assert inside["secret.axis"].health is Health.BAD


# ── room, queue ──────────────────────────────────────────────────────────────────────────────────


def test_a_disk_without_room_is_found(node):
    """By the marks the flows go by; before they are reached it is a warning."""
    assert node.finds("room")["room"].health is Health.GOOD
    disk = os.statvfs(node.data)
    left = disk.f_bavail * disk.f_frsize >> 20
    node.told["limits"] = {"free_space": f"{left * 3 // 4}MB"}
    assert node.finds("room")["room"].health is Health.WARN
    node.told["limits"] = {"free_space": "999999GB"}
    finding = node.finds("room")["room"]

    assert finding.health is Health.BAD
    assert "limits.free_space" in str(finding.cure)


def test_a_sound_queue_nobody_works_on_is_told_apart(node):
    """The file is good; that nobody runs is for somebody to see to."""
    assert healths(node.finds("queue")) == {
        "node.running": Health.WARN,
        "queue.integrity": Health.GOOD,
        "queue.witness": Health.GOOD,
    }


def test_a_damaged_queue_is_found(node):
    """With the command that rebuilds it; the file is left as it is."""
    queue = node.data / "queue.db"
    queue.write_bytes(b"something else altogether" * 400)
    finding = node.finds("queue")["queue.integrity"]

    assert finding.health is Health.BAD
    assert "edge-node recover" in str(finding.cure)
    assert queue.read_bytes().startswith(b"something")


def test_a_queue_that_was_never_made_is_not_made_by_looking(node):
    """`doctor` before the first start changes nothing."""
    (node.data / "queue.db").unlink()
    for left in node.data.glob("queue.db-*"):
        left.unlink()
    finding = node.finds("queue")["queue.integrity"]

    assert finding.health is Health.WARN
    assert not (node.data / "queue.db").exists()


def test_a_witness_that_saw_more_is_found(node):
    """The folder is a copy: at its next start the node would send nothing."""
    Witness(node.data.with_name("data.witness")).begin(3)
    assert node.finds("queue")["queue.witness"].health is Health.BAD


def test_that_sending_is_paused_is_found(node):
    """By the queue's own word."""
    queue = Queue(node.data / "queue.db")
    Marks(queue.file).put("sending-held", "{}")
    queue.close()
    finding = node.finds("queue")["queue.witness"]

    assert finding.health is Health.BAD
    assert "edge-node adopt" in str(finding.cure)


# ── the axis ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def serving(authority, **dates):
    certificate = authority.issue_cert("127.0.0.1", **dates)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return http_server(context)


def believing(node, authority):
    path = node.folder / "authority.pem"
    authority.cert_pem.write_to_path(path)
    node.told["axis"]["ca_file"] = str(path)


@pytest.mark.parametrize(
    ("days", "health", "threshold"),
    [(90, Health.GOOD, None), (45, Health.WARN, 60), (5, Health.WARN, 7)],
)
def test_the_days_of_the_axiss_certificate_are_counted(node, authority, days, health, threshold):
    """A verified handshake, and no call."""
    believing(node, authority)
    ends = NOW + timedelta(days=days, hours=2)
    with serving(authority, not_before=NOW - timedelta(days=1), not_after=ends) as server:
        node.told["axis"]["url"] = server.url
        found = node.finds("axis")

    assert found["axis.connection"].health is Health.GOOD
    assert found["axis.tls"].health is health
    assert found["axis.tls"].measured["days"] == days
    assert found["axis.tls"].measured.get("threshold") == threshold
    assert server.requests == []


def test_a_chain_nobody_knows_is_found(node, authority):
    """With the key of the configuration that mends it."""
    with serving(authority) as server:
        node.told["axis"]["url"] = server.url
        finding = node.finds("axis")["axis.tls"]

    assert finding.health is Health.BAD
    assert "axis.ca_file" in str(finding.cure)


def test_an_axis_whose_certificate_ran_out_is_found(node, authority):
    """As the calls would be refused."""
    believing(node, authority)
    past = {"not_before": NOW - timedelta(days=9), "not_after": NOW - timedelta(days=1)}
    with serving(authority, **past) as server:
        node.told["axis"]["url"] = server.url
        finding = node.finds("axis")["axis.tls"]

    assert (finding.health, "expired" in str(finding.why)) == (Health.BAD, True)


def test_an_axis_that_is_down_is_found(node):
    """Nobody listens there."""
    with http_server() as server:
        node.told["axis"]["url"] = server.url
    finding = node.finds("axis")["axis.connection"]

    assert finding.health is Health.BAD
    assert "nobody listens at its host and port" in str(finding.cure)


def test_an_axis_that_is_silent_keeps_nobody_waiting(node):
    """Whoever accepts and says nothing is cut off by the time a connection may take."""
    node.told["axis"]["connect_timeout"] = "200ms"
    with raw_server(lambda _, over: over.wait(20)) as url:
        node.told["axis"]["url"] = url.replace("http:", "https:")
        finding = node.finds("axis")["axis.tls"]

    assert finding.health is Health.BAD


@pytest.mark.parametrize(("minutes", "health"), [(0, Health.GOOD), (-10, Health.BAD)])
def test_a_clock_that_is_off_is_found(node, minutes, health):
    """By the `Date` of an answer, where there is one."""

    def answer(connection, _):
        read_request(connection)
        shown = datetime.now(UTC) + timedelta(minutes=minutes)
        date = format_datetime(shown, usegmt=True)
        connection.sendall(f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\n\r\n".encode())

    with raw_server(answer) as url:
        node.told["axis"]["url"] = url
        finding = node.finds("axis")["axis.clock"]

    assert finding.health is health
    assert round(finding.measured["offset"] / 60) == -minutes
