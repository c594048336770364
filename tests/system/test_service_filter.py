"""What the node does by children works under the system calls its unit allows."""

from __future__ import annotations

import json
import os
import sys

import needs
from service_filter import BOUND
from system_world import EDGE_NODE, edge_node

NICE = "import os; os.nice(1)"


def test_the_filter_is_that_of_the_unit():
    """What the others rely on: who may not set priorities is told so, and the rest works."""
    answer = edge_node(command=(*BOUND, sys.executable, "-c", NICE))
    assert (answer.returncode, "PermissionError" in answer.stderr) == (1, True)
    assert edge_node("--version", command=(*BOUND, *EDGE_NODE)).returncode == 0


def test_the_report_of_a_month_is_written_by_the_service(office, tmp_path):
    """It would give way to others, and is forbidden to: that keeps nobody from a report."""
    office.configure(reports={"monthly": True, "folder": str(tmp_path / "reports")})
    words = ("-c", office.config, "report-month", "2026-10")
    answer = edge_node(*words, command=(*BOUND, *EDGE_NODE))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert list((tmp_path / "reports").iterdir())


def test_the_service_makes_archives_and_has_them_carried(office, tmp_path):
    """Daemon, child and restic are bound alike; the password is handed over by systemd."""
    needs.program("restic", "restic")
    handed = tmp_path / "handed"
    handed.mkdir()
    (handed / "restic").write_text("mật khẩu kho\n")
    (handed / "restic").chmod(0o400)
    repository = tmp_path / "repository"
    told = {"RESTIC_PASSWORD_FILE": str(handed / "restic"), "RESTIC_REPOSITORY": str(repository)}
    assert edge_node("init", "--no-cache", command=("restic",), **told).returncode == 0
    carry = {"by": "restic", "to": str(repository), "password_file": "credential:restic"}
    archives = {"folder": str(tmp_path / "archives"), "unencrypted": True, "carry": carry}
    office.configure(backup={"archives": archives | {"every": "1s", "keep": 2}})
    bound = {"command": (*BOUND, *EDGE_NODE), "CREDENTIALS_DIRECTORY": os.fspath(handed)}
    with office.running(**bound) as node:
        node.says("archives carried", times=2)
    answer = edge_node("snapshots", "--json", "--no-cache", command=("restic",), **told)
    snapshots = json.loads(answer.stdout)
    assert len(snapshots) >= 2
    assert {each["hostname"] for each in snapshots} == {office.code}
    assert "archives could not be carried" not in node.words
    found = map(json.loads, office.command("doctor", "--json", "--offline").stdout.splitlines())
    assert [each["state"] for each in found if each["check"] == "backup.carried"] == ["good"]
