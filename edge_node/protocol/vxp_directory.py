"""
The lists of agencies in the VXP dialect: a hundred thousand units, read one after the other.

Three calls answer with such lists, each in fields of its own; here they become the same value.
What is no list is an error and never an empty one.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from edge_node.domain.directory import AgencyList
from edge_node.domain.envelope import Agency
from edge_node.domain.errors import AxisBusy
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam
from edge_node.protocol import vxp
from edge_node.protocol.json_stream import StreamBroken
from edge_node.protocol.row_stream import RowStream
from edge_node.protocol.vxp_replies import check_read, text_of
from edge_node.protocol.vxp_verdicts import BUILT_IN, out_of_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.protocol.vxp_verdicts import Verdicts


def call_for(which: AgencyList, *, level: int = 1) -> vxp.Call:
    """Return the call for a list; ``level`` is what of `QD20` is asked for, H37 being of 1."""
    if which is AgencyList.QD20:
        return vxp.agencies_qd20(level)
    return vxp.agencies() if which is AgencyList.AGENCIES else vxp.units()


# Every field one of the three lists has, in lower case: axes differ in their capitals.
_BLANK: Final[dict[str, object]] = dict.fromkeys(
    (
        *("code", "name", "id", "pid", "mail", "oldcode", "code102"),
        *("deleted", "modifydate", "version"),
    ),
    "",
)


class AgencyRows:
    """
    The answer to one of the three calls, fed in pieces.

    Entries without a code are left out: real directories have a few among a hundred thousand,
    and nothing could be sent there. What was yielded only counts once `close` has returned.
    """

    def __init__(self, verdicts: Verdicts = BUILT_IN) -> None:
        """Begin before the first byte; ``verdicts`` say what a no means."""
        self._verdicts = verdicts
        self._stream = RowStream()
        self._number = 0

    def feed(self, chunk: bytes) -> Iterator[Agency]:
        """Yield the units that the next piece completes; AxisBusy."""
        with _no_list():
            for row in self._stream.feed(chunk):
                self._number += 1
                if not isinstance(row, dict):
                    number = self._number
                    message = say("row {number} of the axis's list is no object", number=number)
                    raise AxisBusy(message)
                agency = _agency(row)
                if agency.code:
                    yield agency

    def close(self) -> None:
        """Make sure that it was a whole list and no refusal; AxisBusy, or what a no means."""
        with _no_list():
            reply = self._stream.close()
        check_read(reply, self._verdicts)
        if not isinstance(reply.get("data"), list):
            raise AxisBusy(say("the answer of the axis has no {field}", field="data"))


@contextmanager
def _no_list() -> Iterator[None]:
    """Say in our words that an answer is no JSON; nothing of it is repeated."""
    try:
        yield
    except StreamBroken as error:
        message = say("the axis does not answer with a list: {reason}", reason=str(error))
        raise out_of_order(message, sent=False) from error


def _agency(row: dict[str, object]) -> Agency:
    fields = _BLANK | {key.lower(): _plain(value) for key, value in row.items()}
    return Agency(
        code=text_of(fields, "code"),
        name=text_of(fields, "name"),
        id=text_of(fields, "id"),
        parent=text_of(fields, "pid"),
        mail=text_of(fields, "mail"),
        other_code=text_of(fields, "oldcode") or text_of(fields, "code102"),
        deleted=text_of(fields, "deleted").lower() in {"true", "1"},
        modified=_day(text_of(fields, "modifydate")),
        version=text_of(fields, "version"),
    )


def _plain(value: object) -> object:
    """Return a text without what no line of text has: control characters, half characters."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(sign if sign.isprintable() else " " for sign in value)


@lru_cache(maxsize=1024)  # a hundred thousand units were changed on a few hundred days
def _day(text: str) -> date | None:
    """Read a day in one of the forms seen: 2026-11-21…, 2026/11/21…, 21/11/2026…, milliseconds."""
    if not text:
        return None
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text[:10], form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    try:
        return in_vietnam(datetime.fromtimestamp(int(text) / 1000, tz=UTC)).date()
    except (ValueError, OverflowError, OSError):
        return None
