"""What the lines of a report are called, where more than one of its parts calls them so."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import Priority
from edge_node.domain.message import say
from edge_node.domain.receipt import ReasonCode, Status
from edge_node.domain.signature import Bears

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.message import Message

SENT: Final = say("Sent")
RECEIVED: Final = say("Received")
TOTAL: Final = say("Total")
SHARE: Final = say("Share")
MEASURE: Final = say("Measure")
UNKNOWN: Final = say("Not known")
REFUSED: Final = say("Refused (02)")

PAPER: Final[Mapping[bool | None, Message]] = MappingProxyType(
    {
        False: say("Electronic only"),
        True: say("A paper copy follows"),
        None: say("Not known whether a paper copy follows"),
    }
)
BEARS: Final[Mapping[Bears, Message]] = MappingProxyType(
    {
        Bears.STAMPED: say("with a time-stamp"),
        Bears.SIGNED: say("without a time-stamp"),
        Bears.INVALID: say("A signature does not hold"),
        Bears.UNSIGNED: say("Not signed"),
        Bears.UNKNOWN: say("Not known whether signed"),
    }
)
OF_THE_SIGNED: Final = (BEARS[Bears.STAMPED], BEARS[Bears.SIGNED])
URGENCY: Final[Mapping[int, Message]] = MappingProxyType(
    {
        Priority.EXPRESS_TIMED: say("Express, by a set hour"),
        Priority.EXPRESS: say("Express"),
        Priority.VERY_URGENT: say("Very urgent"),
        Priority.URGENT: say("Urgent"),
        Priority.NORMAL: say("Normal"),
    }
)
STATUSES: Final[Mapping[Status, Message]] = MappingProxyType(
    {
        Status.ARRIVED: say("01 arrived"),
        Status.REGISTERED: say("03 registered"),
        Status.FINISHED: say("06 finished"),
    }
)
REASONS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        ReasonCode.WRONG_RECIPIENT: say("Sent to the wrong agency"),
        ReasonCode.SIGNATURE_INVALID: say("A signature is not valid"),
        ReasonCode.SIGNATURE_MISSING: say("A signature is missing"),
        ReasonCode.INTEGRITY_FAILED: say("Changed after it was signed"),
        ReasonCode.CERT_EXPIRED_OR_REVOKED: say("A certificate had run out or was revoked"),
        ReasonCode.UNREADABLE: say("Cannot be read"),
        ReasonCode.INCOMPLETE: say("Incomplete"),
        ReasonCode.FORMAT_RULES: say("Against the rules of form"),
        ReasonCode.DUPLICATE: say("Had been sent before"),
        ReasonCode.SECRET_CONTENT: say("Holds a state secret"),
        ReasonCode.NOT_COMPETENT: say("Not within the competence of the receiver"),
        ReasonCode.OTHER: say("Another reason"),
        "": say("No reason code"),
    }
)
