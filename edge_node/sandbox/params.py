"""The signed parameters of a request as calls ask for them; moments as replies show them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import MessageType
from edge_node.domain.message import say
from edge_node.domain.time import VIETNAM, in_vietnam, iso
from edge_node.protocol.vxp import SERVICE
from edge_node.sandbox.refusals import Code, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_STAMP: Final = "%d/%m/%Y %H:%M:%S"
# Before and after every stamp of the store, as text.
EARLIEST: Final = ""
LATEST: Final = "~"


class Params:
    """The signed parameters of one request, looked up without regard to case."""

    def __init__(self, signed: Mapping[str, str]) -> None:
        """Take them as the signature check returned them; clients spell `docId` and `docid`."""
        self._values = {name.lower(): value for name, value in signed.items()}

    def get(self, name: str) -> str:
        """Return a parameter, or an empty text where it was left out."""
        return self._values.get(name.lower(), "")

    def need(self, name: str) -> str:
        """Return a parameter the call cannot do without; Refused."""
        value = self.get(name)
        if not value:
            raise Refused(Code.BAD_REQUEST, say("{name} is missing", name=name))
        return value

    def message(self) -> MessageType:
        """Return the kind of message asked for; Refused for another service or kind."""
        if self.need("servicetype") != SERVICE:
            raise Refused(Code.BAD_REQUEST, say("servicetype is not {known}", known=SERVICE))
        kind = self.need("messagetype")
        if kind not in list(MessageType):
            raise Refused(Code.BAD_REQUEST, say("messagetype is neither edoc nor status"))
        return MessageType(kind)

    def is_dated(self) -> bool:
        """Tell whether a list was asked for a span of time, be it open at one end."""
        return bool(self.get("fromDate") or self.get("toDate"))

    def window(self) -> tuple[str, str]:
        """Return the moments a list was asked for, as the store compares them; Refused."""
        return self._moment("fromDate", EARLIEST), self._moment("toDate", LATEST)

    def _moment(self, name: str, default: str) -> str:
        text = self.get(name)
        if not text:
            return default
        try:
            return iso(datetime.strptime(text, _STAMP).replace(tzinfo=VIETNAM))
        except ValueError:
            message = say("{name} is not of the form dd/MM/yyyy HH:mm:ss", name=name)
            raise Refused(Code.BAD_REQUEST, message) from None


def shown(stamp: str) -> str:
    """Return a stamp of the store as replies show it: 21/11/2026 14:03:05, in Vietnam."""
    return in_vietnam(datetime.fromisoformat(stamp)).strftime(_STAMP)
