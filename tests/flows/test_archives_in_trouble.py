"""Archives made and put back where something is out of the ordinary, or the power goes."""

from __future__ import annotations

import itertools
import os
import shutil
from contextlib import closing, suppress
from pathlib import Path

import pytest
from archives_world import PERSON, an_office, the_office_at
from flows_world import Cut
from tomorrow import tomorrow

from edge_node.adapters.steps import Phase, listening
from edge_node.config import load
from edge_node.domain.errors import QueueDamaged
from edge_node.node import Node
from edge_node.node.archiving import Archiving


@pytest.fixture
def sender(world, tmp_path):
    return an_office(world, tmp_path / "office")


@pytest.fixture
def receiver(world):
    return world.desk()


def put_back(world, office, archive):
    """Put an archive back where it was made, and start the node."""
    office.desk.node.close()
    office.opened(archive).restore(office.sheet, force=True, actor=PERSON)
    return the_office_at(world, office.folder, office)


def test_one_of_a_node_that_was_paused_is_asked_about_anew(world, sender, receiver, tmp_path):
    """What the axis did not have then, and what was not handed over then, may be by now."""
    other = an_office(world, tmp_path / "other")
    paused = put_back(world, sender, sender.archive())
    paused.drop(receiver.code, "1")
    other.drop(sender.desk.code, "5")
    other.desk.turn()
    paused.desk.turn("intake", "recheck push", "pull", "acknowledge")
    assert paused.desk.node.sends.unasked() == 0
    archive = paused.archive()
    paused.desk.node.sends.adopt(now=paused.desk.now)
    paused.desk.turn()
    assert (len(world.sends(sender.desk.code)), len(paused.desk.inbox)) == (1, 1)
    shutil.rmtree(paused.desk.inbox[0])
    shutil.rmtree(paused.desk.exchange / "sent")  # the papers are no help this time
    (paused.desk.exchange / "sent").mkdir()

    again = put_back(world, paused, archive)
    assert again.desk.node.sends.unasked() == 1
    again.desk.later(hours=1)
    again.desk.turn()
    again.desk.node.sends.adopt(now=again.desk.now)
    again.desk.turn()
    assert len(world.sends(sender.desk.code)) == 1
    assert again.desk.inbox == []


def test_cut_off_anywhere_the_same_command_puts_it_back(sender, receiver):
    """What lay there is together in one folder, and no node begins anew in between."""
    sender.drop(receiver.code, "1")
    sender.desk.turn()
    archive = sender.archive()
    sender.desk.node.close()
    config, folders = sender.desk.config, sender.desk.config.folders
    shutil.rmtree(folders.backups, ignore_errors=True)  # by which the loss would be seen, too
    had = {path.name for path in folders.data.iterdir() if not path.name.endswith(".lock")}
    for count in itertools.count():
        # (A node that was killed leaves its log behind.)
        (folders.data / "queue.db-wal").write_bytes(b"the last that was entered")
        before = (folders.data / "queue.db").stat().st_ino
        steps = iter(range(count))

        def cut(_step, phase, _what, steps=steps):
            if phase is Phase.AFTER and next(steps, None) is None:
                raise Cut

        with listening(cut), suppress(Cut):
            sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)
            break
        if (folders.data / "spool").exists() and not folders.queue.exists():
            with pytest.raises(QueueDamaged, match="is gone"):
                _ = Node(config=config).queue
        sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)
        asides = sorted(folders.data.glob("before-restore-*"))
        [kept] = [
            each
            for each in asides
            if (each / "queue.db").exists() and (each / "queue.db").stat().st_ino == before
        ]
        assert {path.name for path in kept.iterdir()} >= had - {"bell"} | {"queue.db-wal"}
        for each in asides:
            shutil.rmtree(each)
        with closing(Node(config=config)) as node:
            assert node.sends.held() is not None
    assert count > 20


def test_what_lies_behind_a_link_is_in_it_or_named(sender, receiver, tmp_path):
    """A spool on a larger disk comes along; nobody follows another link, and it is told."""
    sender.drop(receiver.code, "1")
    sender.desk.turn("intake")
    data = sender.desk.config.folders.data
    (data / "spool").rename(tmp_path / "large")
    (data / "spool").symlink_to(tmp_path / "large")
    (data / "trust").mkdir()
    (data / "trust" / "root.crt").symlink_to(sender.key)
    (data / "root").symlink_to("/")
    made = Archiving(sender.desk.node, sender.sheet).make()
    assert made.left_out == (str(data / "root"), str(data / "trust" / "root.crt"))
    found = sender.opened(made.path).rehearse(tmp_path)
    assert (found.problems, found.counts["waiting"]) == ((), 1)
    sender.desk.node.close()
    done = sender.opened(made.path).restore(sender.sheet, force=True, actor=PERSON)
    assert (done.aside / "spool").readlink() == tmp_path / "large"
    assert not (data / "spool").is_symlink()


def test_one_is_made_of_a_queue_that_is_still_an_older_releases(sender, receiver, tmp_path):
    """Before the new one is started for the first time; put back, it is brought up then."""
    sender.drop(receiver.code, "1")
    sender.desk.turn()
    sender.desk.node.close()
    with tomorrow():
        archive = Archiving(Node(config=sender.desk.config), sender.sheet).make().path
        assert sender.opened(archive).rehearse(tmp_path).counts == {}
        sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)
        with closing(Node(config=sender.desk.config)) as node:
            node.prepare()
            assert node.sends.held() is not None


def test_a_queue_a_newer_release_left_stays_whole(sender):
    """Its log goes where it goes: into the archive, and aside."""
    newer = [f"queue.db.newer-20261122-080000{end}" for end in ("", "-wal")]
    data = sender.desk.config.folders.data
    for name in newer:
        (data / name).write_bytes(b"what only the newer one knew")
    archive = sender.archive()
    sender.desk.node.close()
    done = sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)
    for folder in (data, done.aside):
        assert sorted(path.name for path in folder.glob("*.newer-*")) == newer


def test_a_name_that_is_no_text_keeps_no_archive_from_being_made(sender, tmp_path):
    """Somebody unpacked roots of another code page beside the others: it is in it, renamed."""
    trust = tmp_path / "roots"
    trust.mkdir()
    Path(os.fsdecode(bytes(trust) + b"/g\xf4c.crt")).write_bytes(b"a root")
    with sender.sheet.open("a") as sheet:
        sheet.write(f"trust: {{folder: {trust}}}\n")
    sender.desk.config = load(sender.sheet)
    sender.desk.restart()
    archive = sender.archive()
    new = tmp_path / "new"
    sender.desk.node.close()
    done = sender.opened(archive).restore(new / "config.yaml", force=False, actor=PERSON)
    lies = done.configuration.elsewhere[f"{trust}/g\N{REPLACEMENT CHARACTER}c.crt"]
    assert lies.read_bytes() == b"a root"
