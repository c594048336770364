"""Documents that are sent and had back, and what looks for what may be left of one."""

from __future__ import annotations

import base64
import random
import re
import sqlite3
import zlib
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from flows_world import LETTER, a_sheet

from edge_node.config import RecallBy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PDF = LETTER.read_bytes()
# It is zipped to travel, and can be told from everything else there is.
_CHANCE = random.Random(13)  # noqa: S311 - nobody has to guess it
NOTES = "".join(_CHANCE.choices("0123456789 tiếng việt\n", k=4000)).encode()
FILES = {"cv.pdf": PDF, "ghi chú.txt": NOTES}
WHY = "Sai nơi nhận"
_RUN = 24  # bytes that are in two files by no chance
_STEP = 40


def send(desk: Any, *receivers: Any, name: str = "12", turn: bool = True, **sheet: Any) -> Any:
    """Drop a letter with two attachments for these desks; return what the sender knows of it."""
    sheet = a_sheet(*FILES, to=[each.code for each in receivers]) | sheet
    desk.drop(name, FILES, **sheet)
    desk.turn() if turn else desk.turn("intake")
    return desk.ledger.outbound(limit=1)[0]


def drop_recall(desk: Any, document: Any, *receivers: Any, name: str = "13") -> Any:
    """Have the software drop a recall of a document; return what the sender knows of it."""
    return drop_request(desk, document, *receivers, name=name, kind="recall", files={})


def drop_request(
    desk: Any,
    document: Any,
    *receivers: Any,
    kind: str,
    name: str,
    files: dict[str, bytes] | None = None,
    **business: Any,
) -> Any:
    """Drop a request of a kind about a document that was sent."""
    files = FILES if files is None else files
    about = {"kind": kind, "reason": WHY, **business}
    if kind != "replace":
        about |= {"document_id": document.document_id}
    sheet = a_sheet(*files, to=[each.code for each in receivers], number=name, business=about)
    desk.drop(name, files, **sheet)
    desk.turn()
    return next(each for each in desk.ledger.outbound(limit=9) if each.name == name)


def request_in(desk: Any) -> dict[str, Any]:
    """Return the document.json of the one request in an inbox."""
    (found,) = [each for each in desk.letters() if each["business"]["kind"] != "new"]
    return found


def states(desk: Any, document: Any) -> dict[str, str]:
    """Return how a document stands at each receiver."""
    return {fate.receiver: str(fate.state) for fate in desk.queue.outgoing.fates(document.id)}


def statuses(desk: Any, document: Any) -> dict[str, str]:
    """Return what each receiver said last."""
    return {fate.receiver: fate.status for fate in desk.queue.outgoing.fates(document.id)}


# ── two desks ────────────────────────────────────────────────────────────────────────────────────


def pair(world, **sections):
    """Return two agencies, the first of them with these sections."""
    return world.desk(**sections), world.desk()


def everywhere(desk):
    """Return every folder in which a node keeps anything."""
    return [desk.config.folders.data, desk.exchange, desk.config.folders.backups]


def exchange(*desks):
    """Let all have their turn until nobody has anything to say."""
    for _ in range(3):
        for desk in desks:
            desk.later(minutes=2)
            desk.turn()


def asked(world, by="document", **sections):
    """Send a document, and have the receiver asked to give it back."""
    sender, receiver = pair(world, recall={"by": RecallBy(by)}, **sections)
    document = send(sender, receiver)
    exchange(receiver, sender)
    assert statuses(sender, document) == {receiver.code: "01"}
    recall = drop_recall(sender, document, receiver)
    exchange(sender, receiver)
    return sender, receiver, document, recall


@contextmanager
def hold_back(world, receiver):
    """Have the axis forget for a while what waits for a receiver so far."""

    def enter(status):
        with closing(sqlite3.connect(world.settings.folder / "sandbox.db", timeout=30)) as db, db:
            sql = "update deliveries set status = ? where receiver = ? and message_type = 'edoc'"
            db.execute(sql, (status, receiver.code))

    receiver.flows["pull"].look_back._looked = receiver.now  # which lists all there ever was
    enter("done")
    yield
    enter("initial")


# ── looking for what is left ─────────────────────────────────────────────────────────────────────


def traces(folders: Iterable[Path], packages: Iterable[bytes]) -> set[str]:
    """Return which files hold any run of the payload, as it was or as it travelled."""
    needles = frozenset(_needles(packages))
    return {
        path.name
        for path in {path for folder in folders for path in folder.rglob("*") if path.is_file()}
        if any(map(needles.__contains__, _runs(path.read_bytes())))
    }


def _runs(content: bytes) -> Iterator[bytes]:
    return (content[start : start + _RUN] for start in range(len(content) - _RUN + 1))


def _needles(packages: Iterable[bytes]) -> Iterator[bytes]:
    contents = [*FILES.values()]
    contents += [
        zlib.compress(each, level)[2:-4] for each in FILES.values() for level in (1, 6, 9)
    ]
    for package in packages:  # what the ZIPs in them look like
        contents += map(base64.b64decode, re.findall(rb">([A-Za-z0-9+/=]{200,})<", package))
    for content in contents:
        for start in range(0, len(content) - 2 * _RUN, _STEP):
            yield content[start : start + _RUN]
            for shift in range(3):
                yield base64.b64encode(content[start + shift : start + shift + _RUN])[:_RUN]
