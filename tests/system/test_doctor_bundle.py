"""`edge-node doctor --bundle`: what leaves an agency with a support archive, and what must not."""

from __future__ import annotations

import json
import tarfile

import pytest

SUBJECT = "Về việc điều động ông Phạm Văn Mật"
SIGNER = "Trần Thị Kín"
NAME = "Sở Bí Mật Tỉnh Thử"
PLANTED = (SUBJECT, SIGNER, NAME, "Phạm Văn Mật", "kin@mat.gov.vn", "0912345678", "079123456789")


@pytest.fixture
def planted(office, other):
    """Give an office in whose configuration, queue and log there is what must not be told."""
    office.configure(
        signing={"operator": SIGNER, "basis": f"Quy chế của {NAME}"},
        metrics={"listen": "127.0.0.1:1"},
    )
    text = office.config.read_text()
    text = text.replace(f"Đơn vị {office.code}", NAME)
    office.config.write_text(text.replace("agency:", "agency:\n  email: kin@mat.gov.vn", 1))
    office.drop(1, other, subject=SUBJECT)
    assert office.command("once").returncode == 0
    return office


def opened(path):
    """Return what is in an archive, by the names in it."""
    with tarfile.open(path) as archive:
        names = archive.getnames()
        return names, {name: archive.extractfile(name).read().decode() for name in names}


def test_what_is_planted_does_not_leave(planted, tmp_path):
    """No secret, no subject, no name; what is wrong, how many wait and the versions do."""
    bundle = tmp_path / "support.tar.gz"
    answer = planted.command("doctor", "--bundle", bundle)
    names, found = opened(bundle)
    whole = "\n".join(found.values())

    assert answer.returncode in {1, 2}
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert [name.partition("/")[2] for name in names] == [
        "configuration.json",
        "disk.json",
        "doctor.json",
        "doctor.txt",
        "journal.txt",
        "limits.json",
        "queue.json",
        "versions.json",
    ]
    assert [each for each in (*PLANTED, planted.secret.read_text().strip()) if each in whole] == []
    queue = json.loads(found["edge-node-support/queue.json"])
    assert sum(queue["outgoing"].values()) == 1
    assert queue["migrations"]
    assert planted.code in whole
    told = json.loads(found["edge-node-support/doctor.json"])
    assert {"queue.integrity", "versions"} <= {each["check"] for each in told}
    assert "number" not in json.loads(found["edge-node-support/configuration.json"])["agency"]


def test_an_archive_overwrites_nothing(office, tmp_path):
    """Nobody loses a file to a slip of the finger; nothing is looked into before."""
    bundle = tmp_path / "letter.odt"
    bundle.write_text("mine")
    answer = office.command("doctor", "--bundle", bundle)

    assert answer.returncode == 1
    assert bundle.read_text() == "mine"
    assert answer.stdout == ""


def test_an_archive_is_written_where_there_is_no_configuration(office, tmp_path):
    """What is wrong with it is what has to be handed on."""
    office.config.write_text("agency: {}\n")
    bundle = tmp_path / "support.tar.gz"
    answer = office.command("doctor", "--bundle", bundle)

    assert answer.returncode == 2
    assert list(opened(bundle)[1]) == [
        "edge-node-support/doctor.json",
        "edge-node-support/doctor.txt",
    ]
