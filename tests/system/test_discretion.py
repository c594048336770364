"""What never leaves the node by its words: the secret, and what documents say."""

from __future__ import annotations

import http.client
import json
import re
import socket
import sys
from pathlib import Path

import pytest
from journald_stand import a_journal
from syslog_server import SyslogServer
from system_world import DAY, PDF, a_sheet, an_office, running, until

PLANTED = "Về việc TRÍCH-YẾU-MẬT của một người"


def of_the_process(pid):
    """Return what everybody on the machine may read of a process, and its own environment."""
    return "".join(
        Path(f"/proc/{pid}/{name}").read_bytes().decode("utf-8", "replace")
        for name in ("cmdline", "environ")
    )


def test_the_secret_is_in_no_word_of_a_node(office, other):
    """Neither in the log at its loudest, nor in argv, nor in what any command says."""
    secret = office.secret.read_text().strip()
    assert len(secret) > 20
    office.configure(log={"level": "debug"})
    with office.running() as node:
        office.drop(1, other)
        until(lambda: office.lies_in("sent"))
        said = of_the_process(node.process.pid)
    commands = [
        ["config"],
        ["config", "--json"],
        ["show", "o"],
        ["log", "o"],
        ["once"],
    ]
    for command in commands:
        answer = office.command(*command)
        said += answer.stdout + answer.stderr
    said += node.words
    assert str(office.secret) in said
    assert secret not in said


def test_a_secret_the_axis_does_not_know_is_not_shown_either(office, other):
    """What goes wrong with a secret is said without it, by the axis and by us."""
    secret = "MAT-KHAU-KHONG-DUNG"
    office.secret = office.home / "secret"
    office.secret.write_text(f"{secret}\n")
    office.secret.chmod(0o600)
    office.configure()
    office.drop(2, other)
    denied = office.command("once")
    office.secret.chmod(0o644)
    open_to_all = office.command("once")
    for answer in (denied, open_to_all):
        assert answer.returncode == 1
        assert "edge-node: " in answer.stderr
        assert secret not in answer.stdout + answer.stderr
    assert "everybody on this machine may read the secret" in open_to_all.stderr


def drop_by_name(office, number, to):
    """Drop a sidecar and its file, both called by what the document is about."""
    name = f"{PLANTED} {number}"
    fields = {"number": str(number), "date": DAY.isoformat(), "to": to}
    outbox = office.exchange / "outbox"
    (outbox / f"{name}.pdf").write_bytes(PDF)
    (outbox / f"{name}.json").write_bytes(a_sheet(f"{name}.pdf", **fields))


# A daemon whose journal is at another place than systemd's.
AT_ANOTHER_JOURNAL = """
import sys
from functools import partial
from pathlib import Path
from edge_node.cli import app, logs
logs.set_up_log = partial(logs.set_up_log, journal=Path(sys.argv.pop(1)))
app.main()
"""


def at_work(office, journal):
    """Run the daemon of an agency with what writes to the journal led to a place of the test."""
    command = (sys.executable, "-c", AT_ANOTHER_JOURNAL, str(journal))
    return running(office.log, "-c", office.config, "run", command=command)


def pages(node):
    """Return everything the page of a node says."""
    port = re.findall(r"http://127\.0\.0\.1:(\d+)/metrics", node)[-1]
    paths = ("/metrics", "/healthz", "/readyz")
    return "".join(ask(port, path) for path in paths)


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
    connection.request("GET", path)
    words = connection.getresponse().read().decode()
    connection.close()
    return words


@pytest.mark.parametrize("form", ["text", "json", "journal"])
def test_no_log_tells_what_a_document_says(office, other, form, tmp_path):
    """Neither side's log knows the subject, the signer or a note, in any form, nor the page."""
    syslog = SyslogServer(tmp_path)
    with a_journal() as (journal, entries), syslog.open():
        forwarded = {"host": "localhost", "port": syslog.port, "ca_file": str(syslog.ca_file)}
        log = {"level": "debug", "format": form, "syslog": forwarded}
        for node in (office, other):
            node.configure(log=log, metrics={"listen": "127.0.0.1:0"})
        with at_work(office, journal) as sender, at_work(other, journal) as receiver:
            live_through_all(office, other)
            told = "\n".join(value for each in entries for value in each.values())
            said = [sender.words + told, receiver.words + told]
            for node in (office, other):
                assert node.code in "".join(said)
            shown = pages(told + sender.words) + pages(receiver.words + told)
        syslog.wait_for("running: stopped")
    assert "edge_node_documents{" in shown
    assert bool(entries) is (form == "journal")
    lines = "\n".join(syslog.lines)
    assert f'agency="{office.code}"' in lines
    for words in (sender.words, receiver.words, told, lines, shown):
        assert "MẬT" not in words
        assert "M\\u1eacT" not in words
        assert "Traceback" not in words
    for secret in (office.secret, other.secret):
        assert secret.read_text().strip() not in "".join((*said, lines, shown))


def live_through_all(office, other):
    """Have documents and statuses taken, refused here, refused there, full of what is ours."""
    signer = {"position": PLANTED, "name": PLANTED}
    office.drop(1, other, subject=PLANTED, signer=signer, places=[PLANTED])
    office.drop(2, other, subject=PLANTED * 100, priority=PLANTED)  # refused by us
    office.drop(3, other, subject=PLANTED, to=["H98.999"])  # refused by the axis
    drop_by_name(office, 4, [other.code])
    drop_by_name(office, 5, ["?"])  # refused by us
    until(lambda: len(other.inbox()) == 2)
    until(lambda: len(list(office.exchange.glob("failed/*/*/*/*/error.txt"))) == 3)
    sheet = min(
        other.exchange.glob("inbox/[!.]*/document.json"),
        key=lambda path: json.loads(path.read_bytes())["number"],
    )
    assert PLANTED in sheet.read_text()
    report = {"schema": 1, "id": json.loads(sheet.read_bytes())["id"], "status": "05"}
    statuses = other.exchange / "statuses"
    (statuses / f"{PLANTED}.json").write_text(json.dumps(report | {"note": PLANTED}))
    (statuses / f"{PLANTED} 2.json").write_text("{}")  # refused by us
    until(lambda: list(statuses.glob("failed/*.error.txt")))
    until(lambda: any(what == "05" for _, what, _ in office.receipts()))


def test_a_log_in_json_is_an_object_a_line(tmp_path, axis):
    """Also where something is wrong: an outage is one line, with what a person can do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    office = an_office(tmp_path, axis, url=nobody, log={"format": "json"})
    with office.running() as node:
        node.says('"axis unreachable"')
    lines = [json.loads(line) for line in node.words.splitlines()]
    assert all({"at", "level", "flow", "message"} <= set(line) for line in lines)
    [down] = [line for line in lines if line["message"] == "axis unreachable"]
    assert down["level"] == "warning"
    assert down["documents_safe"] == 0
    assert down["hint"].startswith("check axis.url")
    assert {"running", "stopped"} <= {line["message"] for line in lines}
