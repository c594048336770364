"""The page of measurements: a real daemon, asked on loopback and on a Unix socket."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from loopback import http_server
from pki_plan import ENDS
from system_world import an_office, until

SERVED = "measurements are served"
LOOPBACK = {"listen": "127.0.0.1:0"}


@pytest.fixture
def measured(tmp_path, axis):
    return an_office(tmp_path, axis, metrics=LOOPBACK)


@contextmanager
def at_work(office):
    """Run a daemon; give it, and the port its page is at."""
    before = office.log.read_text().count(SERVED) if office.log.exists() else 0
    with office.running() as node:
        node.says(SERVED, times=before + 1)
        yield node, port_of(node)


def port_of(node):
    """Return the port the log named last."""
    return int(re.findall(rf"{SERVED} at=http://127\.0\.0\.1:(\d+)/metrics", node.words)[-1])


def ask(port, path="/metrics", *, verb="GET", host="", **headers):
    """Return status and words of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(verb, path, headers=headers | ({"Host": host} if host else {}))
    return heard(connection)


def heard(connection):
    response = connection.getresponse()
    words = response.read().decode()
    connection.close()
    return response.status, words


def ask_socket(path, what="/metrics"):
    connection = http.client.HTTPConnection("whatever.example", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(20)
    connection.sock.connect(str(path))
    connection.request("GET", what)
    return heard(connection)


def samples(words):
    """Return what is measured, by name and labels."""
    lines = (line.rpartition(" ") for line in words.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_a_document_can_be_followed_by_its_measurements(measured, other):
    """Counted by state, both ways, with room, lanes and the program beside it."""
    with at_work(measured) as (_, port), other.running():
        document = measured.drop(1, other)
        until(lambda: other.inbox() == [document])
        delivered = 'edge_node_documents{direction="out",state="delivered"}'
        found = until(lambda: (now := samples(ask(port)[1])).get(delivered) and now, within=40)

    assert found[delivered] == 1
    assert found[f'edge_node_build_info{{agency="{measured.code}",version="0.1.0"}}'] == 1
    assert found["edge_node_axis_up"] == found["edge_node_queue_readable"] == 1
    assert found['edge_node_disk_free_bytes{folder="data"}'] > 0
    assert found['edge_node_flow_last_success_timestamp_seconds{flow="pull",lane="pull"}'] > 1e9
    assert abs(found["edge_node_clock_offset_seconds"]) < 60
    assert found["process_resident_memory_bytes"] > 1e6
    assert not [name for name in found if not re.match(r"(edge_node|process|python)_", name)]


def test_a_socket_is_for_its_owner_and_group(tmp_path, axis):
    """One that was left behind makes way; it is gone when the daemon is."""
    with tempfile.TemporaryDirectory() as short:
        path = Path(short) / "metrics.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
            left.bind(str(path))
        office = an_office(tmp_path, axis, metrics={"listen": f"unix:{path}"})
        with office.running() as node:
            node.says(SERVED)
            status, words = ask_socket(path)
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert (status, samples(words)["edge_node_axis_up"]) == (200, 1)
        assert not path.exists()


def test_health_and_readiness_are_two_things(tmp_path, axis):
    """Without an axis the node lives, and cannot do all of its work; what rests is named."""
    with http_server() as nobody:
        down = nobody.url
    office = an_office(tmp_path, axis, url=down, metrics=LOOPBACK)
    with at_work(office) as (_, port):
        until(lambda: ask(port, "/readyz") == (503, "rests: axis\n"), within=40)
        assert ask(port, "/healthz") == (200, "alive\n")
        assert samples(ask(port)[1])["edge_node_axis_up"] == 0
    office.configure(url=axis.url)
    with at_work(office) as (_, port):
        assert ask(port, "/readyz") == (200, "ready\n")


def test_nothing_else_is_answered(measured):
    """Other verbs, other paths, and whoever was led here under another name."""
    with at_work(measured) as (node, port):
        assert {verb: ask(port, verb=verb)[0] for verb in ("POST", "PUT", "HEAD", "DELETE")} == {
            "POST": 405,
            "PUT": 405,
            "HEAD": 405,
            "DELETE": 405,
        }
        assert ask(port, verb="TRACE")[0] == 501
        for path in ("/", "/metrics/", "/../etc/passwd", "/metricsx"):
            assert ask(port, path)[0] == 404
        assert ask(port, "/metrics?x=1")[0] == 200
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "[::2]"):
            assert ask(port, host=host)[0] == 421
        assert ask(port, host=f"127.0.0.1:{port + 1}")[0] == 421
        for host in ("localhost", f"localhost:{port}", "[::1]", f"127.0.0.1:{port}"):
            assert ask(port, host=host)[0] == 200
    assert "Traceback" not in node.words


def test_whoever_holds_connections_keeps_nobody_from_asking(measured):
    """The oldest of too many goes, and one that says nothing is not waited for."""
    with at_work(measured) as (node, port):
        tasks = Path(f"/proc/{node.process.pid}/task")
        before = len(list(tasks.iterdir()))
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
        assert ask(port, "/healthz") == (200, "alive\n")
        # Sooner than those that say nothing are let go for that.
        until(lambda: len(list(tasks.iterdir())) < before + 12, within=3)
        for each in idle[:5]:
            each.settimeout(20)
            assert each.recv(1) == b""
        for each in idle:
            each.close()
    assert "Traceback" not in node.words


def test_an_address_that_is_taken_keeps_no_document_waiting(tmp_path, axis, other):
    """The log says that there is no page, and why; the node does its work."""
    with http_server() as server:
        office = an_office(tmp_path, axis, metrics={"listen": server.url.removeprefix("http://")})
        with office.running() as node, other.running():
            document = office.drop(1, other)
            until(lambda: other.inbox() == [document])
    assert "the page of measurements cannot be served" in node.words
    assert "Address already in use" in node.words


def test_a_socket_somebody_serves_is_left_to_him(tmp_path, axis):
    """Two agencies with one path: the second goes without, the first goes on."""
    with (
        tempfile.TemporaryDirectory() as short,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as theirs,
    ):
        path = Path(short) / "metrics.sock"
        theirs.bind(str(path))
        theirs.listen()
        office = an_office(tmp_path, axis, metrics={"listen": f"unix:{path}"})
        with office.running() as node:
            node.says("running")
        assert "somebody else serves" in node.words
        assert path.exists()


def test_certificates_are_measured_and_read_again_after_a_reload(tmp_path, axis, pki):
    """Each key by its name; no key, and no library for keys, comes into the daemon."""
    signer = pki.signer("agency")
    keys = [
        {"name": "seal", "pem": str(signer.key_path), "certificates": str(signer.certificate_path)}
    ]
    office = an_office(tmp_path, axis, metrics=LOOPBACK, signing={"level": "B-B", "keys": keys})
    with at_work(office) as (node, port):
        found = samples(ask(port)[1])
        maps = Path(f"/proc/{node.process.pid}/maps").read_text()
        keys.append({"name": "next", "pem": str(tmp_path / "missing.pem")})
        office.configure(signing={"level": "B-B", "keys": keys})
        node.signal(signal.SIGHUP)
        node.says(SERVED, times=2)
        again = samples(ask(port_of(node))[1])

    name = 'edge_node_certificate_expiry_timestamp_seconds{key="seal"}'
    assert found[name] == again[name] == ENDS.timestamp()
    assert found["edge_node_trust_anchors"] == 0
    assert again['edge_node_certificate_unreadable{name="next"}'] == 1
    assert "_rust.abi3" not in maps  # cryptography's
    assert "PRIVATE" not in node.words


def listening(pid):
    """Return the ports a process listens at."""
    links = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it works: files are closed while one looks
            links.add(str(path.readlink()))
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    waiting = {row[9]: int(row[1].partition(":")[2], 16) for row in rows if row[3] == "0A"}
    return [waiting[inode] for inode in waiting if f"socket:[{inode}]" in links]


def test_without_a_page_no_port_is_open_and_nothing_of_it_is_loaded(office, measured):
    """The library comes with the page."""
    with office.running() as node, at_work(measured) as (theirs, port):
        node.says("running")
        assert listening(node.process.pid) == []
        assert listening(theirs.process.pid) == [port]
    asked = "import sys, edge_node.daemon.running; sys.exit('prometheus_client' in sys.modules)"

    assert "measurements" not in node.words
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
