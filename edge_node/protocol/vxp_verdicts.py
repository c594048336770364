"""
What each answer of the axis means for what to do next: one table, whoever reads it.

    a code of the axis           by `Verdicts.codes`: refused, busy, denied; any other is unclear
    a no without a code          unclear
    401, 403                     denied
    407, 421, 425, 426, 495, 496 denied: whoever stands in between turns us away
    404, 405, 410, redirections  this is not the axis: unreachable
    408, 429                     busy
    413, 414, 431                refused: this one is too large
    other 4xx                    unclear: the axis has a code for what it refuses
    5xx, no JSON, silence        the axis out of order: after a send silent, else busy
    neither yes nor no           after a send silent, else busy

What is out of order counts towards calling no more at all (`edge_node.domain.breaker`). How an
answer is read is `vxp_replies`' affair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.breaker import AxisFailing, AxisMute
from edge_node.domain.errors import (
    AxisBusy,
    AxisDenied,
    AxisRefused,
    AxisSilent,
    AxisUnclear,
    AxisUnreachable,
)
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.message import Message

AxisError = AxisBusy | AxisDenied | AxisRefused | AxisSilent | AxisUnclear | AxisUnreachable


class Meaning(Enum):
    """What an error code says of the item it is about."""

    REFUSED = "refused"  # this one is wrong
    BUSY = "busy"  # the moment is wrong
    DENIED = "denied"  # nothing will succeed until a person mends it


_CREDENTIALS: Final = say("check axis.system_id, axis.secret_file and the clock of this machine")
_ADDRESS: Final = say("check axis.url: it ends just before the name of a call, like /sendEdoc")
_PACKAGE: Final = say("the axis cannot use what it was given: look at the package")
_RECEIVER: Final = say(
    "correct the receiver code in document.json and drop it into the outbox again"
)
_SENDER: Final = say(
    "see whether agency.code is right; if it is, have the agency registered with the axis as a"
    " sender, then send it again: edge-node resend"
)
_LOCKED: Final = say(
    "a receiver is locked: ask who runs the axis, then send it again: edge-node resend"
)
_LATER: Final = say("it is tried again by itself; if it stays so, ask who runs the axis")
_UNKNOWN: Final = say("ask who runs the axis what it means, and enter its code under axis.codes")

# The national axis publishes no list of its codes. These are the ones the guide of one province
# gives for its own (v2.2), which seems to have them from there.
CODES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "10": Meaning.REFUSED,
        "15": Meaning.DENIED,
        "18": Meaning.REFUSED,
        "19": Meaning.REFUSED,
        "20": Meaning.BUSY,
        "21": Meaning.BUSY,
        "22": Meaning.REFUSED,
        "23": Meaning.REFUSED,
    }
)
_HINTS: Final[Mapping[Meaning, Message]] = MappingProxyType(
    {Meaning.REFUSED: _PACKAGE, Meaning.BUSY: _LATER, Meaning.DENIED: _CREDENTIALS}
)
# What a person can do about those codes in particular, where they mean what they mean there.
_HINTS_OF_CODES: Final[Mapping[str, Message]] = MappingProxyType(
    {"18": _RECEIVER, "19": _SENDER, "23": _LOCKED}
)

_GATEWAY: Final = say(
    "whoever stands between us and the axis turns us away: ask who runs the network and the axis"
)

_DENIED: Final = frozenset({401, 403})
# What a proxy, or TLS's end, wants of every call: it says nothing of the package (495 and 496 are
# nginx's own, for certificates).
_TURNED_AWAY: Final = frozenset({407, 421, 425, 426, 495, 496})
_ELSEWHERE: Final = frozenset({404, 405, 410, *range(300, 400)})
_NOT_NOW: Final = frozenset({408, 429})
_TOO_LARGE: Final = frozenset({413, 414, 431})
_CLIENTS_FAULT: Final = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """The table, with what the configuration lays over the codes built in."""

    codes: Mapping[str, Meaning] = field(default_factory=lambda: CODES)

    def of_no(self, code: str, text: str, message: Message) -> AxisError:
        """Return the error a plain no is; ``message`` says it in full."""
        meaning = self.codes.get(code)
        if meaning is None:
            return AxisUnclear(message, code=code, text=text, hint=_UNKNOWN)
        hint = _HINTS[meaning]
        if CODES.get(code) is meaning:
            hint = _HINTS_OF_CODES.get(code, hint)
        match meaning:
            case Meaning.REFUSED:
                return AxisRefused(message, code=code, text=text, hint=hint)
            case Meaning.BUSY:
                return AxisBusy(message, hint=hint)
            case Meaning.DENIED:
                return AxisDenied(message, hint=hint)


BUILT_IN: Final = Verdicts()


def of_http(status: int, text: str, *, sent: bool) -> AxisError:
    """
    Return the error an HTTP status outside 2xx is; ``text`` is what may be repeated of its body.

    After a send, a gateway's 5xx does not say what happened behind it: that is silence, a 503
    too (some answer so when the connection behind them breaks). 429 and 408 say that nothing was
    taken. Any other 4xx may come from a gateway and be about every call, or from the axis and be
    about this one: nobody can tell.
    """
    if status in _DENIED:
        message = say("the axis denies us with HTTP {http}: {text}", http=status, text=text)
        return AxisDenied(message, hint=_CREDENTIALS)
    if status in _ELSEWHERE:
        message = say("this is not where the axis answers: HTTP {http}", http=status)
        return AxisUnreachable(message, hint=_ADDRESS)
    message = say("the axis answers HTTP {http}: {text}", http=status, text=text)
    if status in _CLIENTS_FAULT:
        return _of_4xx(status, text, message)
    return out_of_order(message, sent=sent)


def _of_4xx(
    status: int, text: str, message: Message
) -> AxisBusy | AxisDenied | AxisRefused | AxisUnclear:
    if status in _TURNED_AWAY:
        return AxisDenied(message, hint=_GATEWAY)
    if status in _NOT_NOW:
        return AxisBusy(message)
    if status in _TOO_LARGE:
        return AxisRefused(message, code=str(status), text=text)
    return AxisUnclear(message, code=str(status), text=text, hint=_GATEWAY)


def out_of_order(
    message: Message, *, sent: bool, hint: Message | None = None
) -> AxisFailing | AxisMute:
    """Return the error of an answer, or of none, that is not in the axis's own words."""
    return AxisMute(message, hint=hint) if sent else AxisFailing(message, hint=hint)


def unproven(message: Message, *, sent: bool) -> AxisBusy | AxisSilent:
    """Return the error of an answer in the axis's own words that is neither yes nor no."""
    return AxisSilent(message) if sent else AxisBusy(message)
