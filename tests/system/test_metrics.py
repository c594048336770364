"""The page of measurements: a real daemon, asked on loopback and on a Unix socket."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from loopback import http_server
from pki_plan import ENDS
from system_world import an_office, until

from edge_node.adapters.apart import Apart
from edge_node.daemon.health import Health, is_well
from edge_node.daemon.lanes import Lane

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
        node.says("info running: running", times=before + 1)
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
        until(lambda: ask(port, "/readyz")[0] == 503, within=40)
        (why,) = ask(port, "/readyz")[1].splitlines()
        assert why.startswith("axis: cannot reach the axis")
        status, words = ask(port, "/healthz")
        assert (status, words.splitlines()[0]) == (200, "alive")
        found = samples(ask(port)[1])
        assert found["edge_node_axis_up"] == 0
        assert found['edge_node_axis_breaker{state="closed"}'] == 0
        assert found["edge_node_axis_down_since_timestamp_seconds"] > 1e9
    office.configure(url=axis.url)
    with at_work(office) as (_, port):
        until(lambda: ask(port, "/readyz") == (200, "ready\n"))


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
        assert ask(port, "/healthz")[0] == 200
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


# -- rules and dashboard ------------------------------------------------------------------------


MONITORING = Path(__file__).parents[2] / "monitoring"


def every(value, name):
    """Yield what goes by a name, however deep."""
    if isinstance(value, dict):
        yield from ([value[name]] if name in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from every(each, name)


def rules():
    """Return the alert rules, as Prometheus reads them."""
    read = yaml.safe_load((MONITORING / "alert-rules.yaml").read_text("utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def dashboard():
    """Return the dashboard, as Grafana reads it."""
    return json.loads((MONITORING / "grafana-dashboard.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def page(tmp_path_factory, axis):
    """Give the names of the samples a real page may have, and the page."""
    office = an_office(tmp_path_factory.mktemp("page"), axis, metrics=LOOPBACK)
    with at_work(office) as (_, port):
        words = until(lambda: "pull" in (said := ask(port)[1]) and said)
    ends = {"counter": [""], "histogram": ["_bucket", "_sum", "_count"], "info": ["_info"]}
    kinds = re.findall(r"^# TYPE (\S+) (\w+)$", words, re.MULTILINE)
    return {name + end for name, kind in kinds for end in ends.get(kind, [""])}, words


def test_rules_and_dashboard_name_what_is_on_the_page(page):
    """Nobody watches a name that is never there."""
    names, _ = page
    asked = [rule["expr"] for rule in rules()] + list(every(dashboard(), "expr"))
    used = {name for expr in asked for name in re.findall(r"\b(?:edge_node|process)_\w+", expr)}
    assert len(used) > 30
    assert used - names == set()


def test_every_measurement_is_told_of(page):
    """Each has words of its own, a name by the conventions, and its place in the documentation."""
    _, words = page
    kinds = dict(re.findall(r"^# TYPE (edge_node_\S+) (\w+)$", words, re.MULTILINE))
    told = dict(re.findall(r"^# HELP (edge_node_\S+) (.+)$", words, re.MULTILINE))
    assert told.keys() == kinds.keys()
    assert all(name.endswith("_total") for name, kind in kinds.items() if kind == "counter")
    assert all(name.endswith("_seconds") for name, kind in kinds.items() if kind == "histogram")
    for language in ("", ".vi"):
        text = (MONITORING.parent / f"docs/monitoring{language}.md").read_text("utf-8")
        assert kinds.keys() - set(re.findall(r"edge_node_\w+", text)) == set()


def test_no_label_names_a_partner_or_a_document(measured, other):
    """Whatever was exchanged: what is counted is counted by state, and not by whom it is with."""
    with at_work(measured) as (_, port), other.running():
        document = measured.drop(1, other)
        until(lambda: other.inbox() == [document])
        measured.drop(2, other, to=["H98.999"])  # refused by the axis
        took = "edge_node_taken_to_arrived_seconds_count"
        found = until(lambda: (now := samples(ask(port)[1]))[took] and now, within=40)
        refused = 'outcome="refused"} 1.0'
        words = until(lambda: refused in (said := ask(port)[1]) and said)
    assert found["edge_node_taken_to_accepted_seconds_count"] == 1
    assert found['edge_node_send_attempts_total{outcome="accepted"}'] >= 1
    assert found['edge_node_watcher_mode{mode="events"}'] == found["edge_node_watcher_up"] == 1
    assert found["edge_node_watcher_last_event_timestamp_seconds"] > 1e9
    assert found['edge_node_lane_up{lane="push"}'] == 1
    for name in (other.code, "H98.999", document, "UBND-VP"):
        assert name not in words


def test_alert_rules_have_the_parts_prometheus_wants():
    """Names that are different, durations, a severity, and words in both languages."""
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 20
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"EdgeNode[A-Z]\w+", rule["alert"])
        assert re.fullmatch(r"[0-9]+[smhd]", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert {"summary", "summary_vi", "description"} == set(rule["annotations"])
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_the_dashboard_has_the_parts_grafana_wants():
    """Panels with ids of their own that do not lie upon each other, all of one source."""
    panels = dashboard()["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(set(ids)) == len(ids)
    assert set(every(dashboard(), "uid")) == {"edge-node", "${datasource}"}
    places = [panel["gridPos"] for panel in panels]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23
    assert all(panel["targets"] for panel in panels if panel["type"] != "row")


def test_a_lane_that_hangs_is_not_healthy():
    """Nothing heard of it for longer than one step may take: 503, and its name."""
    begun, go = threading.Event(), threading.Event()

    class Hanging:
        def wake(self):
            """Remember nothing."""

        def turn(self, _now):
            begun.set()
            go.wait(20)
            return False

        def rest(self, _now):
            """Know of nothing to come."""

    lane = Lane(name="push", flows=[Hanging()], clock=lambda: None, longest_step=-3600)
    assert is_well(lane)
    lane.start()
    begun.wait(20)
    assert not is_well(lane)
    health = Health(None, {"push": lane}, measuring=None, surroundings=None)
    answer = health.healthy()
    go.set()
    lane.stop()
    assert lane.join(timedelta(seconds=20))
    assert answer.status == 503
    assert re.fullmatch(rb"alive\npush: late, nothing heard of it for \d+ s\n", answer.body)


def test_folders_that_do_not_answer_keep_nobody_from_asking():
    """One thread waits for them, however often somebody asks; then they are known again."""
    answers = threading.Event()

    def read():
        answers.wait(20)
        return "there"

    folders = Apart(name="folders", read=read, patience=0.01)
    assert [folders.fresh() for _ in range(5)] == [None] * 5
    assert sum(each.name == "folders" for each in threading.enumerate()) == 1
    answers.set()
    assert until(folders.fresh) == "there"
