"""What a support archive masks, and what it keeps."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from doctor_world import Paper

from edge_node.adapters.account import Account
from edge_node.adapters.queue import Queue
from edge_node.checks import gathering
from edge_node.checks.archive import write_archive
from edge_node.checks.check import Situation
from edge_node.checks.redacting import MASK, Redactor, free_texts, masked
from edge_node.config import load

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def node(tmp_path):
    return Paper(tmp_path)


@dataclass(frozen=True, kw_only=True)
class Tomorrow:
    """A section of the configuration that nobody knows today."""

    token: str = ""
    notify: tuple[str, ...] = ()
    url: str = ""
    every: int = 5


def test_free_texts_of_any_section_are_masked():
    """Also of one that will be written tomorrow; what was left at its default is told."""
    told = Tomorrow(
        token="tgram://123:ABC/9", notify=("mailto://a:b@c",), url="https://u:p@axis.vn:8443/t/9"
    )

    assert masked(told) == {
        "token": MASK,
        "notify": [MASK],
        "url": f"https://axis.vn:8443/{MASK}",
        "every": 5,
    }
    assert list(free_texts(told)) == ["tgram://123:ABC/9", "mailto://a:b@c"]
    assert masked(Tomorrow()) == {"token": "", "notify": [], "url": "", "every": 5}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("of Nguyễn Thị Mật now", f"of {MASK} now"),
        ("ask a.b@c.gov.vn today", f"ask {MASK} today"),
        ("call 0912345678", f"call {MASK}"),
        ("it names CCCD:079123456789, MST:0400260612", f"it names CCCD:{MASK}, MST:{MASK}"),
        ("http://so:pass@host/x", f"http://{MASK}host/x"),
        ("3 documents, 127.0.0.1:8080, 2026-11-22", "3 documents, 127.0.0.1:8080, 2026-11-22"),
    ],
)
def test_what_is_private_is_masked_wherever_it_stands(text, left):
    """By name where it is known, by its form where it is not."""
    assert Redactor.of(["Nguyễn Thị Mật"]).text(text) == left


def test_the_longest_is_masked_first():
    """Else the end of a name would stay behind its beginning."""
    assert Redactor.of(["Trần Văn", "Trần Văn Kín"]).text("Trần Văn Kín") == MASK


def test_numbers_that_count_are_left_alone():
    """Only what stands in texts can be somebody's."""
    redactor = Redactor.of(["secret"])
    value = {"free": 123456789012, "why": ["secret 079123456789"]}

    assert redactor.value(value) == {"free": 123456789012, "why": [f"{MASK} {MASK}"]}


def test_what_is_private_is_known_from_configuration_queue_and_secrets(node):
    """The agency's name and its secret, what documents are about; its own code is told."""
    queue = Queue(node.data / "queue.db")
    came = {"id": "i222222222", "axis_id": "a1", "message": "edoc", "sender": "H37.09"}
    came |= {"digest": "00", "size": 1, "state": "delivered", "created": 1, "at": 1}
    with queue.file.transaction() as transaction:
        transaction.insert("incoming", came | {"subject": "V/v điều động ông Mật"})
    queue.close()
    redactor = gathering.redactor(load(node.config), {})

    text = "H37.02, Sở Mẫu: V/v điều động ông Mật, SECRET-OF-THE-AXIS"
    assert redactor.text(text) == f"H37.02, {MASK}: {MASK}, {MASK}"


def test_the_log_of_the_service_is_redacted(node, tmp_path, monkeypatch):
    """Drops are named by people, and the rest is what the redactor knows."""
    programs = tmp_path / "bin"
    programs.mkdir()
    said = f"cannot take {node.exchange}/outbox/Điều động ông Mật.pdf\\n3 wait"
    program = programs / "journalctl"
    program.write_text(f'#!/bin/sh\nprintf "{said} $2\\n"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    installed = Path("/etc/edge-node/xa-mau/config.yaml")
    situation = Situation(
        config=load(node.config),
        now=NOW,
        environ={},
        process=None,
        account=Account.of(node.data, None),
        config_file=installed,
    )

    log = dict(gathering.pieces(situation))["journal.txt"]
    nowhere = dict(gathering.pieces(replace(situation, config_file=None)))["journal.txt"]

    assert log == (f"cannot take {node.exchange}/outbox/{MASK}\n3 wait edge-node@xa-mau\n")
    assert nowhere == "no service of systemd is known\n"


def test_the_same_content_is_the_same_archive(tmp_path):
    """In whatever order it was gathered."""
    pieces = {"b.json": {"x": 1}, "a.txt": "à\n"}
    write_archive(tmp_path / "one", pieces, now=NOW)
    write_archive(tmp_path / "two", dict(reversed(pieces.items())), now=NOW)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with tarfile.open(tmp_path / "one") as archive:
        assert archive.getnames() == ["edge-node-support/a.txt", "edge-node-support/b.json"]
        assert json.load(archive.extractfile("edge-node-support/b.json")) == {"x": 1}
