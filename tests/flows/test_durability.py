"""
In which order things become durable: what a power cut could undo is relied on by nobody.

A SIGKILL loses nothing the kernel has been given; only the order of syncs, names, commits and
calls tells what a power cut would leave. Every `fsync` here is the real one, and is written down.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flows_world import LETTER, a_sheet

from edge_node.adapters.steps import Phase, Step, listening

PDF = LETTER.read_bytes()


@dataclass
class Tape:
    """What happened, in order: (what, where)."""

    events: list = field(default_factory=list)

    def note(self, what, where=""):
        """Write one thing down."""
        self.events.append((what, str(where)))

    def first(self, what, where="", *, after=-1):
        """Return at which place something first happened, behind another place."""
        for place, (happened, there) in enumerate(self.events):
            if place > after and happened == what and where in there:
                return place
        raise AssertionError(f"no {what} of {where!r} after {self.events[max(after, 0)]}")


@pytest.fixture
def tape(monkeypatch, gate):
    """Write down every sync and rename of this process, every commit, and every call."""
    tape = Tape()
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, _noting(tape, getattr(os, name)))
    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, _naming(tape, getattr(os, name)))
    gate.watch = lambda call, _headers: tape.note("call", call)

    def committed(step, phase, what):
        if step is Step.COMMIT and phase is Phase.AFTER:
            tape.note("commit", what)

    with listening(committed):
        yield tape


def _noting(tape, sync):
    def noted(handle):
        sync(handle)
        number = handle if isinstance(handle, int) else handle.fileno()
        tape.note("sync", Path(f"/proc/self/fd/{number}").readlink())

    return noted


def _naming(tape, rename):
    def named(source, target, **places):
        rename(source, target, **places)
        if "/axis/" in str(target) or Path(target).parent.name == "outbox":
            return  # the test axis's own, and the document software's
        tape.note("part", source)
        tape.note("name", target)

    return named


@pytest.fixture
def journey(world, gate, tape):
    """Let a document travel from one agency to another and its 01 back; give what happened."""
    sender, receiver = world.desk(url=gate.url), world.desk(url=gate.url)
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    receiver.turn()
    sender.turn()
    assert len(receiver.inbox) == 1
    return sender, receiver, tape


def test_what_gets_a_name_was_durable_before(journey):
    """A file, or a folder with all that is in it, is synced under its temporary name."""
    _, _, tape = journey
    parts = [place for place, (what, _) in enumerate(tape.events) if what == "part"]
    written = [place for place in parts if tape.events[place][1].endswith(".part")]
    assert len(written) > 5
    for place in written:
        assert ("sync", tape.events[place][1]) in tape.events[:place], tape.events[place]


def test_a_name_is_durable_before_anybody_relies_on_it(journey):
    """The folder is synced before the next commit, and before the next word to the axis."""
    _, _, tape = journey
    for place, (what, where) in enumerate(tape.events):
        if what != "name":
            continue
        synced = tape.first("sync", str(Path(where).parent), after=place)
        between = {happened for happened, _ in tape.events[place:synced]}
        assert not between & {"commit", "call"}, (where, tape.events[place : synced + 1])


def test_the_axis_hears_done_only_of_what_is_durable_and_committed(journey):
    """Bytes, name, row, and only then the acknowledgement."""
    _, receiver, tape = journey
    fetched = tape.first("call", "downloadEdoc")
    stored = tape.first("name", f"{receiver.config.folders.spool}/packages", after=fetched)
    committed = tape.first("commit", str(receiver.config.folders.queue), after=stored)
    told = tape.first("call", "updateStatus")
    assert fetched < stored < committed < told


def test_a_document_leaves_only_once_that_is_witnessed(journey):
    """The mark in the queue, then the count outside of it, then the request."""
    sender, _, tape = journey
    sent = tape.first("call", "sendEdoc")
    before = tape.events[:sent]
    witnessed = max(
        place
        for place, (what, where) in enumerate(before)
        if what == "sync" and str(sender.config.folders.witness) in where
    )
    marked = max(place for place, (what, _) in enumerate(before) if what == "commit")
    assert marked < witnessed


def test_every_durable_commit_waits_for_the_disk(world):
    """The database itself is told to: WAL alone would lose what was committed last."""
    desk = world.desk()
    seen = []

    def committing(step, phase, _what):
        if step is Step.COMMIT and phase is Phase.BEFORE:
            connection = desk.queue.file._conn
            seen.append(connection.execute("pragma synchronous").fetchone()[0])

    with listening(committing):
        desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to="H99.1"))
        desk.turn("intake")
    assert set(seen) == {2}  # FULL
