"""
What the axis answers in the VXP dialect, read: a value, or the error that a no is.

Success is a parsed positive answer with every field looked at: `status` says OK *and* `ErrorCode`
says 0. What everything else means is in one table, `vxp_verdicts`. An answer that is neither yes
nor no proves nothing; after a send, a no that says OK too, or names an id, is neither. The
network is the adapter's affair.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import AxisId, Listed, MessageType, Sent
from edge_node.domain.errors import AxisBusy, AxisSilent
from edge_node.domain.message import say
from edge_node.protocol.vxp_verdicts import BUILT_IN, of_http, out_of_order, unproven

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.protocol.vxp_verdicts import AxisError, Verdicts

Reply = Mapping[str, object]

EXCERPT: Final = 200  # characters of an answer that an error may repeat

_TAKEN_AS: Final = "DocId"  # the id of what the axis took; no answer that is a no has one
_POSITIVE_STATUS: Final = "ok"
_POSITIVE_CODE: Final = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """The three fields every answer has: `status`, `ErrorCode`, `ErrorDesc`."""

    status: str
    code: str
    text: str

    @property
    def is_positive(self) -> bool:
        return self.status.lower() == _POSITIVE_STATUS and self.code == _POSITIVE_CODE

    @property
    def is_negative(self) -> bool:
        """Whether it is a plain no: OK beside an error code is, code 0 beside an error is not."""
        if self.code:
            return self.code != _POSITIVE_CODE
        return self.status.lower() not in {"", _POSITIVE_STATUS}


def parse_sent(body: bytes, verdicts: Verdicts = BUILT_IN) -> AxisId:
    """
    Return the id under which the axis took a package.

    Raises what the code of a plain no stands for, and AxisSilent for everything else: the axis
    may have it, and has to be asked.
    """
    reply = _object(body, sent=True)
    _demand_positive(reply, verdicts, sent=True)
    axis_id = text_of(reply, _TAKEN_AS)
    if not axis_id:
        raise AxisSilent(say("the axis says it took the package, but not under which id"))
    return AxisId(axis_id)


def parse_ack(body: bytes, verdicts: Verdicts = BUILT_IN) -> None:
    """Make sure the answer to a call that has no other answer is positive."""
    _demand_positive(_object(body, sent=False), verdicts, sent=False)


def parse_count(body: bytes, verdicts: Verdicts = BUILT_IN) -> int:
    """Return how many items of a kind wait for us."""
    reply = _object(body, sent=False)
    check_read(reply, verdicts)
    counted = text_of(reply, "count")
    if not (counted.isascii() and counted.isdigit()):
        raise AxisBusy(say("the answer of the axis has no {field}", field="count"))
    return int(counted)


def parse_received_list(
    body: bytes, message: MessageType, verdicts: Verdicts = BUILT_IN
) -> list[Listed]:
    """
    Return what waits for us.

    ``message`` is the kind that was asked for: an item that names none, or one no list knows, is
    taken to be of it.
    """
    kinds = {kind.value: kind for kind in MessageType}
    return [
        Listed(
            axis_id=AxisId(_required(item, "docId", number)),
            message=kinds.get(text_of(item, "messageType").lower(), message),
            sender=text_of(item, "from"),
            receiver=text_of(item, "to"),
            status=text_of(item, "status").lower(),
            created=text_of(item, "created_time"),
        )
        for number, item in _items(body, verdicts)
    ]


def parse_sent_list(body: bytes, verdicts: Verdicts = BUILT_IN) -> list[Sent]:
    """Return what became of what we sent, a row for each receiver."""
    return [
        Sent(
            axis_id=AxisId(_required(item, "senderDocId", number)),
            receiver=text_of(item, "toCode"),
            title=text_of(item, "title"),
            notation=text_of(item, "notation"),
            sent_at=text_of(item, "sentTime"),
            send_status=text_of(item, "sendStatus").lower(),
            send_note=text_of(item, "sendStatusDesc"),
            receive_status=text_of(item, "receiveStatus").lower(),
            receive_note=text_of(item, "receiveStatusDesc"),
        )
        for number, item in _items(body, verdicts)
    ]


def check_fetched(reply: Reply, verdicts: Verdicts = BUILT_IN) -> None:
    """Make sure the JSON around a fetched package is not a no, and that it had a package."""
    check_read(reply, verdicts)
    if not isinstance(reply.get("data"), str):
        raise _missing("data")


def check_read(reply: Reply, verdicts: Verdicts = BUILT_IN) -> None:
    """
    Make sure the answer to a read is not a no.

    Not every axis gives `status` and `ErrorCode` there; those that are given must be positive.
    """
    said = _said(reply)
    fits = said.status.lower() in {"", _POSITIVE_STATUS}
    if said.code == _POSITIVE_CODE and not fits:
        raise _neither(said, sent=False)
    if not fits or said.code not in {"", _POSITIVE_CODE}:
        raise _negative(said, verdicts)


def sort_answer(
    http_status: int, head: bytes, verdicts: Verdicts = BUILT_IN, *, sent: bool = False
) -> AxisError:
    """
    Return the error an HTTP answer outside 2xx is; ``head`` is the beginning of its body.

    A code of the axis we know, inside the body, outranks the HTTP status.
    """
    known = _known_negative(head, verdicts, sent=sent)
    return known or of_http(http_status, excerpt(head), sent=sent)


def excerpt(raw: bytes | str) -> str:
    """Return the beginning of an answer for an error: printable, on one line, 200 characters."""
    head = raw[: EXCERPT * 4]  # UTF-8 has up to four bytes a character
    text = head.decode(errors="replace") if isinstance(head, bytes) else head
    seen = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(seen.split())[:EXCERPT]


def text_of(fields: Reply, name: str) -> str:
    """
    Return a field as text; "" when it is not there. Some axes write `docid` for `docId`.

    Half a character (a lone surrogate, which JSON can name) is no text that can be entered
    anywhere: a question mark stands in its place.
    """
    value = fields.get(name)
    if value is None:
        folded = name.lower()
        value = next((fields[key] for key in fields if key.lower() == folded), None)
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int):
        return ""
    return str(value).encode(errors="replace").decode().strip()


def _object(body: bytes, *, sent: bool) -> Reply:
    """Return the JSON object an answer is; nothing of it is repeated, it may hold subjects."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError) as error:
        looks_like_json = body.lstrip()[:1] in {b"{", b"["}
        text = "" if looks_like_json else excerpt(body)
        raise out_of_order(
            say("the axis does not answer in JSON: {text}", text=text), sent=sent
        ) from error
    if not isinstance(reply, dict):
        raise out_of_order(say("the axis does not answer with a JSON object"), sent=sent)
    return reply


def _items(body: bytes, verdicts: Verdicts) -> Iterator[tuple[int, Reply]]:
    """Go through the rows of `data`, counted from 1."""
    reply = _object(body, sent=False)
    check_read(reply, verdicts)
    rows = reply.get("data")
    if not isinstance(rows, list):
        raise _missing("data")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise AxisBusy(say("row {number} of the axis's list is no object", number=number))
        yield number, row


def _demand_positive(reply: Reply, verdicts: Verdicts, *, sent: bool) -> None:
    said = _said(reply)
    if said.is_positive:
        return
    if said.is_negative and not (sent and _contradicts_itself(reply)):
        raise _negative(said, verdicts)
    raise _neither(said, sent=sent)


def _contradicts_itself(reply: Reply) -> bool:
    """Tell whether what looks like a no says OK too, or under which id the package was taken."""
    return text_of(reply, "status").lower() == _POSITIVE_STATUS or bool(text_of(reply, _TAKEN_AS))


def _neither(said: _Said, *, sent: bool) -> AxisSilent | AxisBusy:
    message = say(
        "the axis answers neither yes nor no: status {status!r}, code {code!r}, {text!r}",
        status=excerpt(said.status),
        code=excerpt(said.code),
        text=excerpt(said.text),
    )
    return unproven(message, sent=sent)


def _said(reply: Reply) -> _Said:
    return _Said(
        status=text_of(reply, "status"),
        code=text_of(reply, "ErrorCode") or text_of(reply, "code"),
        text=text_of(reply, "ErrorDesc") or text_of(reply, "message"),
    )


def _negative(said: _Said, verdicts: Verdicts) -> AxisError:
    """Return the error a plain no is, by its code."""
    code, text = excerpt(said.code), excerpt(said.text)
    message = say(
        "the axis answers no: status {status!r}, code {code!r}, {text!r}",
        status=excerpt(said.status),
        code=code,
        text=text,
    )
    return verdicts.of_no(code, text, message)


def _known_negative(head: bytes, verdicts: Verdicts, *, sent: bool) -> AxisError | None:
    """Return the error of an axis's own code inside the body of an HTTP error, if it has one."""
    try:
        reply = json.loads(head)
    except (ValueError, RecursionError):
        return None
    if not isinstance(reply, dict):
        return None
    said = _said(reply)
    if said.code not in verdicts.codes:
        return None
    if sent and _contradicts_itself(reply):
        return _neither(said, sent=sent)
    return _negative(said, verdicts)


def _missing(field: str) -> AxisBusy:
    return AxisBusy(say("the answer of the axis has no {field}", field=field))


def _required(fields: Reply, name: str, number: int) -> str:
    key = text_of(fields, name)
    if not key:
        message = say("row {number} of the axis's list has no {field}", number=number, field=name)
        raise AxisBusy(message)
    return key
