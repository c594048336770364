"""
Every step a node passes that a crash could fall on, and the errand that brings it there.

A name is the lane, the kind of step and the function that wants it; each is passed twice, before
and after. A test compares this list with what a node really passes: nothing else, nothing less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# By node and errand; a step stands under the first errand that reaches it. What a person's command
# passes stands under "person".
REACHED: Final[Mapping[tuple[str, str], Sequence[str]]] = {
    ("sender", "letter"): (
        "MainThread: commit Pauses._write",
        "MainThread: commit Queue.free_all",
        "MainThread: rename Backups.make",
        "MainThread: sync Backups.make",
        "MainThread: sync-folder Backups.make",
        "MainThread: sync-folder Spool.create",
        "MainThread: sync-folder Waybills.create",
        "deliver: commit Arriving.applied",
        "deliver: commit Arriving.claim",
        "deliver: commit History.told",
        "deliver: commit Paperwork.filed",
        "deliver: rename Filing._move",
        "deliver: rename Filing._write",
        "deliver: rename Receipts.write",
        "deliver: sync Filing._write",
        "deliver: sync Receipts.write",
        "deliver: sync-folder Filing._move",
        "deliver: sync-folder Filing._write",
        "deliver: sync-folder Receipts.write",
        "deliver: sync-folder _make_days",
        "intake: commit Outgoing.add",
        "intake: commit Stranded.enter",
        "intake: rename Claims._carry_out",
        "intake: rename Spool._keep",
        "intake: rename Waybills.write",
        "intake: sync Claims._carry_out",
        "intake: sync Spool._keep",
        "intake: sync Waybills.write",
        "intake: sync-folder Claims._carry_out",
        "intake: sync-folder Claims.take",
        "intake: sync-folder Spool._keep",
        "intake: sync-folder Waybills._open_folder",
        "intake: sync-folder Waybills.write",
        "pull: acknowledge",
        "pull: commit Arriving.acknowledged",
        "pull: commit Arriving.add",
        "pull: commit Arriving.claim",
        "pull: commit Marks.put",
        "push: commit Outgoing.claim",
        "push: commit Outgoing.settle",
        "push: send edoc",
        "push: witness Witness.note",
        "report: commit Stranded.forget",
    ),
    ("receiver", "letter"): (
        "MainThread: commit Pauses._write",
        "MainThread: commit Queue.free_all",
        "MainThread: rename Backups.make",
        "MainThread: sync Backups.make",
        "MainThread: sync-folder Backups.make",
        "MainThread: sync-folder Spool.create",
        "MainThread: sync-folder Waybills.create",
        "deliver: commit Arriving.claim",
        "deliver: commit Arriving.delivered",
        "deliver: commit Arriving.prepared",
        "deliver: commit Arriving.taken",
        "deliver: rename Inbox.keep",
        "deliver: rename Inbox.show",
        "deliver: rename Waybills.write",
        "deliver: sync Inbox.keep",
        "deliver: sync Waybills.write",
        "deliver: sync-folder Inbox.keep",
        "deliver: sync-folder Inbox.show",
        "deliver: sync-folder Waybills.write",
        "deliver: witness Witness.note",
        "intake: commit Stranded.enter",
        "pull: acknowledge",
        "pull: commit Arriving.acknowledged",
        "pull: commit Arriving.add",
        "pull: commit Arriving.claim",
        "pull: commit Marks.put",
        "pull: rename Spool._keep",
        "pull: sync Spool._keep",
        "pull: sync-folder Spool._keep",
        "pull: sync-folder Waybills._open_folder",
        "report: commit Outgoing.claim",
        "report: commit Outgoing.report",
        "report: commit Outgoing.settle",
        "report: commit Stranded.forget",
        "report: rename StatusFolder.done",
        "report: send status",
        "report: sync Waybills.add",
        "report: sync-folder StatusFolder.done",
    ),
    ("sender", "refused"): (
        "intake: rename Filing._move",
        "intake: rename Filing._write",
        "intake: sync Filing._write",
        "intake: sync-folder Filing._move",
        "intake: sync-folder Filing._write",
        "intake: sync-folder _make_days",
    ),
    ("sender", "secret"): (
        "intake: rename Outbox.refuse_in_place",
        "intake: sync Outbox.refuse_in_place",
        "intake: sync-folder Outbox.refuse_in_place",
    ),
    ("receiver", "wrong_status"): (
        "report: commit Stranded.begin",
        "report: commit Stranded.finish",
        "report: commit Stranded.give_back",
        "report: rename StatusFolder.failed",
        "report: sync StatusFolder.failed",
        "report: sync-folder StatusFolder.failed",
    ),
    ("sender", "with_old_papers"): (
        "deliver: rename _set_aside",
        "deliver: sync-folder _set_aside",
    ),
    ("sender", "put_off"): ("push: commit Outgoing.defer",),
    ("sender", "answers_put_off"): (
        "MainThread: remove Backups._prune",
        "pull: commit Arriving.acknowledge_again",
        "pull: commit Arriving.defer",
        "schedule: remove Backups._prune",
        "schedule: rename Backups.make",
        "schedule: sync Backups.make",
        "schedule: sync-folder Backups.make",
    ),
    ("receiver", "answers_put_off"): (
        "MainThread: remove Backups._prune",
        "pull: commit Arriving.acknowledge_again",
        "pull: commit Arriving.defer",
        "report: commit Outgoing.defer",
        "schedule: remove Backups._prune",
        "schedule: rename Backups.make",
        "schedule: sync Backups.make",
        "schedule: sync-folder Backups.make",
    ),
    ("sender", "denied"): (
        "push: commit Outgoing.give_back",
        "push: commit Pauses._write",
        "push: commit Queue.let_go",
    ),
    ("receiver", "answers_denied"): (
        "report: commit Outgoing.give_back",
        "report: commit Pauses._write",
        "report: commit Queue.let_go",
    ),
    ("receiver", "sent_twice"): ("deliver: commit Arriving.repeated",),
    ("receiver", "unreadable"): ("deliver: commit Arriving.quarantine",),
    ("receiver", "too_large"): ("pull: commit Arriving.refuse",),
    ("sender", "letter_after_a_crash"): (
        "intake: commit Stranded.begin",
        "intake: commit Stranded.finish",
    ),
    ("person", "resend"): (
        "MainThread: commit Outgoing.resend",
        "MainThread: sync Waybills.add",
    ),
}

# What they pass besides, where the exchange folder lies on another disk.
ACROSS: Final[Mapping[tuple[str, str], Sequence[str]]] = {
    ("sender", "letter"): (
        "deliver: remove Filing._move",
        "deliver: sync Filing._move",
        "intake: remove Claims._carry_out",
    ),
    ("sender", "refused"): (
        "intake: remove Filing._move",
        "intake: sync Filing._move",
    ),
}
