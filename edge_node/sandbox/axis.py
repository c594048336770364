"""
What the calls of the axis do, without HTTP: the caller is known, the parameters are signed.

Each call answers with the fields its reply holds beyond `status`, `ErrorCode` and `ErrorDesc`, or
raises Refused. All of them block on the disk and belong on a thread.
"""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.receipt import Status
from edge_node.protocol.vxp import SERVICE, hash_file
from edge_node.sandbox.census import census
from edge_node.sandbox.directory import Directory, Fields
from edge_node.sandbox.draft import Draft
from edge_node.sandbox.package import read_header
from edge_node.sandbox.params import shown
from edge_node.sandbox.refusals import Code, Refused
from edge_node.sandbox.rewrite import Passage, rewrite
from edge_node.sandbox.settings import HashFile
from edge_node.sandbox.store import Accepted, Store, hold

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Literal

    from edge_node.sandbox.package import Header
    from edge_node.sandbox.params import Params
    from edge_node.sandbox.settings import Settings

_SPELLINGS: Final[Mapping[HashFile, Sequence[Literal["sdk", "padded"]]]] = {
    HashFile.SDK: ("sdk",),
    HashFile.PADDED: ("padded",),
    HashFile.EITHER: ("sdk", "padded"),
}
_STATUSES: Final = ("done", "fail", "processing")


class Axis:
    """
    The axis at work on one sandbox folder.

    `incoming/` holds packages that are arriving, `packages/` what was accepted, as it was sent,
    `forwarded/` what receivers get; the last can be made again from the one before at any time.
    """

    def __init__(self, settings: Settings, *, now: Callable[[], datetime] | None = None) -> None:
        """
        Open the sandbox and tidy up after a crash; AlreadyRunning if somebody else has it.

        ``now`` tells the axis's time, where it is not to be the clock of the settings.
        """
        self.settings = settings
        folder = settings.folder
        self._lock = hold(folder)
        self._incoming = folder / "incoming"
        self._packages = folder / "packages"
        self._forwarded = folder / "forwarded"
        for place in (self._incoming, self._packages, self._forwarded):
            place.mkdir(exist_ok=True)
        self._now = now or settings.options.now
        self._store = Store(folder)
        self._store.enrol(settings.members.values(), now=self._now())
        self._store.settle(census(settings.options.directory), now=self._now())
        self.directory = Directory(self._store, self._now)
        self._tidy()

    def close(self) -> None:
        """Let go of the sandbox; no call may be made afterwards."""
        self._store.close()
        self._lock.close()

    def draft(self) -> Draft:
        """Begin to take in a package."""
        return Draft(self._incoming)

    def check_send(self, caller: str, params: Params) -> None:
        """Refuse a send that its headers alone show to be wrong, before its body comes."""
        params.message()
        params.need("hash-file")
        if params.need("from") != caller:
            raise Refused(Code.WRONG_SENDER, say("from is not the agency that calls"))

    def send(self, caller: str, params: Params, draft: Draft) -> Fields:
        """Accept a package for all its receivers or for none; what it answers is durable."""
        digest = draft.close()
        self._check_hash(params.need("hash-file"), digest)
        header = _routed(read_header(draft.path, params.message()), params.get("to"))
        self._check_parties(caller, params.get("to"), header)
        accepted = Accepted(
            doc_id=draft.doc_id,
            message=params.message(),
            header=header,
            sha256=digest.hex(),
            size=draft.size,
            deliveries={receiver: str(uuid.uuid4()) for receiver in header.receivers},
        )
        draft.keep()
        self._store.accept(accepted, now=self._now())
        with suppress(OSError):  # accepted is accepted; the next start finds it where it lies
            draft.path.rename(self._packages / draft.path.name)
        return {"DocId": draft.doc_id}

    def received(self, caller: str, params: Params) -> Fields:
        """List what waits for the caller; with dates, all that came between them."""
        return {"data": [_received_row(row) for row in self._listed(caller, params)]}

    def package(self, caller: str, params: Params) -> Path:
        """Return the file with the package of one delivery, as its receiver gets it."""
        row = self._delivery(caller, params)
        target = self._forwarded / f"{row['package']}.edxml"
        if not target.exists():
            self._forward(row, target)
        return target

    def update_status(self, caller: str, params: Params) -> Fields:
        """Note how far the receiver is with a delivery."""
        doc_id, status = self._delivery(caller, params)["doc_id"], params.need("status")
        if status not in _STATUSES:
            raise Refused(Code.BAD_REQUEST, say("status is not one of done, fail, processing"))
        try:
            self._note_status(doc_id, status, params.get("description"))
        except NotAllowed as error:
            raise Refused(Code.BAD_REQUEST, error.message) from error
        return {}

    def sent(self, caller: str, params: Params) -> Fields:
        """List what the caller sent, a row per receiver; of one package where docId names it."""
        return {"data": [_sent_row(row) for row in self._sent(caller, params)]}

    def count_documents(self, caller: str, params: Params) -> Fields:
        """Count the documents that wait."""
        params.message()
        return {"count": self._store.count_pending(caller, MessageType.DOCUMENT)}

    def count_statuses(self, caller: str, params: Params) -> Fields:
        """Count the statuses that wait; the vendor's client says messagetype `edoc` here too."""
        params.message()
        return {"count": self._store.count_pending(caller, MessageType.STATUS)}

    def _listed(self, caller: str, params: Params) -> list[sqlite3.Row]:
        message = params.message()
        if not params.is_dated():
            return self._store.pending(caller, message)
        since, until = params.window()
        return self._store.between(caller, message, since=since, until=until)

    def _sent(self, caller: str, params: Params) -> list[sqlite3.Row]:
        since, until = params.window()
        return self._store.sent(
            caller, params.message(), doc_id=params.get("docId"), since=since, until=until
        )

    def _note_status(self, doc_id: str, status: str, note: str) -> None:
        self._store.update_status(doc_id, status=status, note=note, now=self._now())

    def _check_hash(self, given: str, digest: bytes) -> None:
        spellings = _SPELLINGS[self.settings.options.hash_file]
        if given not in {hash_file(digest, spelling) for spelling in spellings}:
            raise Refused(Code.BAD_FILE, say("hash-file does not fit the bytes that arrived"))

    def _check_parties(self, caller: str, to: str, header: Header) -> None:
        """Refuse a package that is not the caller's, or not for agencies that can be reached."""
        if header.sender != caller:
            raise Refused(Code.WRONG_SENDER, say("From/OrganId is not the agency that calls"))
        if to and _codes(to) != set(header.receivers):
            raise Refused(Code.BAD_REQUEST, say("the header to does not name the receivers"))
        standing = self._store.standing(header.receivers)
        unknown = [code for code in header.receivers if code not in standing]
        if unknown:
            raise Refused(
                Code.UNKNOWN_RECEIVER,
                say("not configured or wrong code: {codes}", codes=", ".join(unknown)),
            )
        locked = [code for code in header.receivers if not standing[code]]
        if locked:
            raise Refused(
                Code.RECEIVER_LOCKED,
                say("taken off the directory: {codes}", codes=", ".join(locked)),
            )

    def _delivery(self, caller: str, params: Params) -> sqlite3.Row:
        row = self._store.delivery(params.need("docId"), caller)
        if row is None:
            raise Refused(Code.BAD_REQUEST, say("no delivery of yours goes by that docId"))
        return row

    def _forward(self, row: sqlite3.Row, target: Path) -> None:
        """Make what the receivers get; two of them at once make the same, and one is kept."""
        made = self._forwarded / f"{uuid.uuid4()}.part"
        source = self._packages / target.name
        passage = Passage(
            doc_id=row["package"],
            at=datetime.fromisoformat(row["at"]),
            reencode=self.settings.options.reencode,
        )
        try:
            rewrite(source if source.exists() else self._incoming / target.name, made, passage)
            made.rename(target)
        finally:
            made.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Shelve what was accepted before a crash, drop what was not and what can be remade."""
        for path in self._incoming.iterdir():
            if self._store.knows(path.stem):
                path.rename(self._packages / path.name)
            else:
                path.unlink()
        for path in self._forwarded.iterdir():
            path.unlink()


def _routed(header: Header, to: str) -> Header:
    """
    Return a package's header with those it goes to.

    A status goes to the agency its ResponseFor names. Who asks to have a document back (13) may
    name himself there, as its issuer; then the header `to` names the receivers.
    """
    asks_back = header.status_code == Status.RECALL_ASKED
    if asks_back and to and header.receivers == (header.sender,):
        return replace(header, receivers=tuple(sorted(_codes(to))))
    return header


def _codes(to: str) -> set[str]:
    """Read the header `to`, a JSON list of codes; Refused."""
    try:
        codes = json.loads(to)
    except (ValueError, RecursionError):
        codes = None
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise Refused(Code.BAD_REQUEST, say("the header to is not a JSON list of codes"))
    return set(codes)


def _received_row(row: sqlite3.Row) -> Fields:
    return {
        "docId": row["doc_id"],
        "serviceType": SERVICE,
        "messageType": row["message_type"],
        "created_time": shown(row["created"]),
        "updated_time": shown(row["updated"]),
        "from": row["sender"],
        "to": row["receiver"],
        "status": row["status"],
        "status_desc": row["status_desc"],
    }


def _sent_row(row: sqlite3.Row) -> Fields:
    untouched = row["status"] == "initial"
    return {
        "senderDocId": row["doc_id"],
        "receiverDocId": row["receiver_doc_id"],
        "fromCode": row["sender"],
        "toCode": row["receiver"],
        "title": row["title"],
        "notation": row["code"],
        "serviceType": SERVICE,
        "messageType": row["message_type"],
        "sentTime": shown(row["at"]),
        "receivedTime": "" if untouched else shown(row["updated"]),
        "sendStatus": "done",  # what is listed here the axis holds, for every receiver
        "sendStatusDesc": "",
        "receiveStatus": row["status"],
        "receiveStatusDesc": row["status_desc"],
    }
