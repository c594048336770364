"""What each release left on a disk, opened by this one: all of it there, and the work goes on."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from builders import T0
from flows_world import a_world
from life_before import IN, OUT, TO_DELIVER, TO_SEND
from releases import a_desk_of, applied, made_by_us, seen, tables, unpacked, versions

from edge_node import config
from edge_node.adapters.journal import Journal
from edge_node.adapters.kept_heads import KeptHeads
from edge_node.adapters.schema import MIGRATIONS
from edge_node.domain.time import iso

CHANGELOG = Path(__file__).parent.parent.parent / "CHANGELOG.md"
TELLS = (
    "a migration that was released has changed: a released one is never edited, what is new"
    " becomes a migration of its own (as long as the version is not released: make its data folder"
    " anew with tests/releases.py)"
)


@pytest.fixture(params=versions())
def released(request, tmp_path):
    """Give the data folder each release left, one after the other."""
    return unpacked(request.param, tmp_path / "released")


@pytest.fixture
def axis(tmp_path):
    """Give an axis of our own with the same agencies, which nobody else has used."""
    with a_world(tmp_path / "world", size=12) as world:
        next(world._codes)  # the one whose data folder it is
        yield world


@pytest.fixture
def desk(axis, released):
    desk = a_desk_of(released, axis)
    yield desk
    desk.node.close()


def offer_again(axis, released):
    """Have this axis know what the release's had still to hear of, too."""
    with closing(sqlite3.connect(axis.settings.folder / "sandbox.db", timeout=30)) as db, db:
        for each in released.facts["pending"]:
            values = each | {"at": iso(T0), "receiver": released.facts["code"]}
            sent = db.execute(
                "insert into sends (doc_id, sender, message_type, document_id, code, title,"
                " status_code, sha256, size, at) values (:doc_id, :sender, :message_type,"
                " '', '', '', '', '', 0, :at)",
                values,
            ).lastrowid
            db.execute(
                "insert into deliveries (doc_id, send, receiver, message_type, created, updated)"
                " values (:doc_id, :send, :receiver, :message_type, :at, :at)",
                values | {"send": sent},
            )


def test_there_is_one_of_every_release():
    """Whoever releases a version makes its data folder: `tests/releases.py VERSION`."""
    announced = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", CHANGELOG.read_text(), re.MULTILINE)
    assert set(announced) <= set(versions())
    assert versions()


def test_the_migrations_of_a_release_are_what_they_were(released, tmp_path):
    """Their names, their order, and every table, index and trigger they make, to the letter."""
    names = released.facts["migrations"]
    assert [migration.__name__ for migration in MIGRATIONS][: len(names)] == names, TELLS
    with closing(sqlite3.connect(released.home / "queue.db")) as db:
        assert tables(db, most=len(names)) == released.facts["tables"]
        assert applied(db) == names
    assert made_by_us(tmp_path, len(names)) == released.facts["tables"], TELLS


def test_all_it_knew_is_known(desk, released):
    """Every document in its state, both ways; the journal holds; nothing was done yet."""
    facts = released.facts
    desk.node.prepare()
    now = seen(desk)
    assert now == {name: facts[name] for name in now}
    assert {name: states[0] for name, states in now["out"].items()} == OUT
    assert {row["state"] for row in now["in"]} == IN
    journal = Journal(desk.queue.file)
    verified = journal.verify(outside=KeptHeads(desk.config.folders.witness).all())
    assert (verified.fault, verified.count, verified.heads) == (None, facts["events"], 1)
    assert desk.node.directory.name("H01.8") == "Sở Nội vụ"
    assert desk.node.directory.count() > 1
    assert desk.node.sends.held() is None
    copies = [backup.path.name for backup in desk.node.backups.kept()]
    changed = len(facts["migrations"]) < len(MIGRATIONS)
    assert [name.split("-")[1] for name in copies] == [str(len(facts["migrations"]))] * changed


def test_what_it_left_in_the_middle_is_finished_once(axis, desk, released):
    """What waited, what was in hand and what lay in the outbox is sent; what came is delivered."""
    offer_again(axis, released)
    them = axis.desk()
    desk.node.prepare()
    for _ in range(4):
        for each in (desk, them):
            each.later(minutes=5)
            each.turn()
    states = {name: states[0] for name, states in seen(desk)["out"].items()}
    assert states == OUT | dict.fromkeys(TO_SEND, "delivered")
    assert len(axis.sends(desk.code)) == len(TO_SEND)
    assert sorted(each["number"] for each in them.letters()) == sorted(TO_SEND)
    before = released.facts["inbox"]
    arrived = [name for name in seen(desk)["inbox"] if name not in before]
    assert [name.split(",")[2].split("/")[0] for name in arrived] == sorted(TO_DELIVER)
    assert len(seen(desk)["inbox"]) == len(before) + len(TO_DELIVER)
    assert Journal(desk.queue.file).verify().fault is None


def test_its_configuration_is_still_read(tmp_path, released):
    """The example it came with, every key in it."""
    assert released.version
    assert config.load(tmp_path / "released" / "config.example.yaml")
