"""What events, requests, links and duties are called; states and attempts: `called`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.called import STATES
from edge_node.domain.change import ChangeState
from edge_node.domain.deadlines import Duty, Stage
from edge_node.domain.document import BusinessKind
from edge_node.domain.journal import RESTORED, UPGRADED
from edge_node.domain.message import Message, say
from edge_node.domain.retention import REMOVED
from edge_node.domain.signing import SIGNED
from edge_node.domain.standing import ENTERED, NODE, SOFTWARE, SPOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

# A drop that was never taken in: the journal alone knows the id it had for a while.
DROP_REFUSED: Final = "drop refused"
EVENTS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        **STATES,
        DROP_REFUSED: say("refused, never taken in"),
        "adopted": say("sending goes on from this data folder"),
        RESTORED: say("an older state or a copy was taken up"),
        UPGRADED: say("brought up to another version of edge-node"),
        "canary sent": say("canary sent"),
        "alarm raised": say("alarm raised"),
        "alarm over": say("alarm over"),
        "status": say("status"),
        "warned": say("warned"),
        "late": say("late"),
        SIGNED: say("signed"),
        SPOKEN: say("our status"),
        ENTERED: say("in our register"),
        "recall asked": say("asked back"),
        "update asked": say("changed by its sender"),
        "replace asked": say("replaced by its sender"),
        "destroying": say("to be destroyed"),
        "destroyed": say("destroyed"),
        REMOVED: say("payload removed"),
        "requeued": say("tried at once"),
        "sent anew": say("sent anew"),
        "report recalled": say("our status recalled"),
        "report queued": say("our status queued"),
        "report unsure": say("our status unsure"),
        "report accepted": say("our status accepted"),
        "report delivered": say("our status delivered"),
        "report refused": say("our status refused"),
        "report dead": say("our status dead"),
        "report held": say("our status held"),
    }
)
# Events whose words are somebody's own, as they were written; the others keep a sentence of ours.
QUOTED: Final = frozenset({"status", *(f"{kind} asked" for kind in BusinessKind)})
REQUESTS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        BusinessKind.RECALL: say("recall"),
        BusinessKind.UPDATE: say("update"),
        BusinessKind.REPLACE: say("replace"),
    }
)
REQUEST_STATES: Final[Mapping[ChangeState, Message]] = MappingProxyType(
    {
        ChangeState.ASKED: say("not answered yet"),
        ChangeState.AGREEING: say("agreed, being destroyed"),
        ChangeState.AGREED: say("agreed (15)"),
        ChangeState.REFUSED: say("refused (16)"),
        ChangeState.STOPPED: say("stopped before it left"),
    }
)
# By the kind of a link: said of the newer document, and of the older one.
LINKS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "reply": say("answers"),
        "recall": say("recalls"),
        "update": say("changes"),
        "replace": say("replaces"),
        "anew": say("sends anew"),
    }
)
LINKS_BACK: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "reply": say("is answered by"),
        "recall": say("is recalled by"),
        "update": say("is changed by"),
        "replace": say("is replaced by"),
        "anew": say("was sent anew as"),
    }
)
DUTIES: Final[Mapping[Duty, Message]] = MappingProxyType(
    {
        Duty.DISPATCH: say("send it"),
        Duty.RECEIPT: say("give its receipt"),
        Duty.UNHEARD: say("its receipt comes"),
        Duty.DUE: say("finish it"),
        Duty.UNTAKEN: say("take it"),
        Duty.ANSWER: say("answer"),
        Duty.DESTROY: say("destroy it"),
        Duty.REPLY: say("they finish it"),
    }
)
STAGES: Final[Mapping[Stage, Message]] = MappingProxyType(
    {Stage.AHEAD: say("ahead"), Stage.SOON: say("soon"), Stage.LATE: say("late")}
)
# By what `Alarm.what` calls it: a duty, and how late it is.
UNDONE: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "dispatch late": say("documents that were not sent in time"),
        "dispatch soon": say("documents that have to be sent soon"),
        "receipt late": say("receipts (01) that were not given the same day"),
        "receipt soon": say("receipts (01) that have to be given today"),
        "unheard late": say("receipts (01) that did not come from receivers"),
        "unheard soon": say("receipts (01) that should come from receivers today"),
        "due late": say("incoming documents that were not finished in time"),
        "due soon": say("incoming documents that have to be finished soon"),
        "untaken late": say("documents nobody took out of the inbox"),
        "untaken soon": say("documents that have to be taken out of the inbox"),
        "answer late": say("requests to recall or change that nobody answered"),
        "answer soon": say("requests to recall or change that have to be answered"),
        "destroy late": say("recalled documents that could not be destroyed"),
        "destroy soon": say("recalled documents that are still to be destroyed"),
    }
)

_DOERS: Final[Mapping[str, Message]] = MappingProxyType(
    {NODE: say("the node"), SOFTWARE: say("the document software")}
)


def named_doer(words: Message) -> Message:
    """Return words about an act with who did it as people call it, where it was no person."""
    who = words.values.get("who")
    if not isinstance(who, str) or who not in _DOERS:
        return words
    return Message(words.template, {**words.values, "who": _DOERS[who]})
