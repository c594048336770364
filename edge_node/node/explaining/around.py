"""What holds for every document at this moment: what rests, and whether anybody is at work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_node.adapters.circumstances import Circumstances
from edge_node.adapters.exchange import Exchange
from edge_node.domain.explanation import Cure, Part, Sentence, when
from edge_node.domain.message import say
from edge_node.domain.record import hint_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.database import QueueFile
    from edge_node.adapters.pauses import Pause
    from edge_node.adapters.sends import Held
    from edge_node.config import Config
    from edge_node.domain.deadlines import Rules
    from edge_node.domain.message import Message
    from edge_node.node.parts import Parts

# What the board calls the flow that works in a lane; those of the axis rest with it, too.
_FLOWS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "push": "push",
        "report": "report push",
        "acknowledge": "pull acknowledge",
        "deliver": "deliver",
        "apply": "deliver apply",
        "destroy": "deliver destroy",
        "intake": "intake",
        "statuses": "report takestatuses",
    }
)
_OF_THE_AXIS: Final = frozenset({"push", "report", "acknowledge"})
_SENDING: Final = frozenset({"push", "report"})
# What resolvers say of a name they do not know, or cannot ask after (getaddrinfo(3)).
_NO_NAME: Final = (
    "Name or service not known",
    "No address associated",
    "Temporary failure in name resolution",
    "nodename nor servname",
)


@dataclass(frozen=True, kw_only=True)
class Around:
    """
    The node a tale is about, at one moment; ``file`` may be opened for reading only.

    ``settings`` returns the configuration, whose reading takes longer than most tales: of it they
    need no more than ``shared``, the exchange folder.

    ``running`` tells whether a daemon works on it, as ``process`` where that can be told. ``age``
    is when that is by the clock files are stamped with (seconds since 1970). ``unit`` is the
    service it runs as, '' where nobody knows.
    """

    settings: Callable[[], Config]
    shared: Path
    file: QueueFile
    now: datetime
    age: float
    running: bool
    process: int | None = None
    unit: str = ""

    @cached_property
    def config(self) -> Config:
        """The configuration, for whoever needs more of it than where the folders lie."""
        return self.settings()

    @cached_property
    def queue(self) -> Circumstances:
        """What lies in the queue around one item."""
        return Circumstances(self.file)

    @cached_property
    def parts(self) -> Parts:
        """What a node is made of, for whoever asks about paths; its queue stays shut."""
        from edge_node.node.parts import Parts  # noqa: PLC0415 - most tales need none

        return Parts(config=self.config)

    @cached_property
    def exchange(self) -> Exchange:
        """The folders shared with the document software."""
        return Exchange(self.shared)

    @property
    def claims(self) -> Path:
        """Where drops lie that are being taken in."""
        return self.config.folders.spool / "claims"

    @cached_property
    def rules(self) -> Rules:
        """Until when things have to be done."""
        from edge_node.node.terms import rules  # noqa: PLC0415 - nobody asks that of what is done

        return rules(self.config)

    @cached_property
    def pauses(self) -> Mapping[str, Pause]:
        """What rests, by its name; the dead rest from nothing."""
        if not self.running:
            return {}
        from edge_node.adapters.pauses import Pauses  # noqa: PLC0415 - likewise

        return {pause.what: pause for pause in Pauses(self.file).all()}

    @cached_property
    def held(self) -> Held | None:
        """Why nothing may leave, if so."""
        from edge_node.adapters.sends import Sends  # noqa: PLC0415 - likewise
        from edge_node.adapters.witness import Witness  # noqa: PLC0415 - likewise

        return Sends(self.file, Witness(self.config.folders.witness)).held()

    def time(self, at: datetime) -> Message:
        """Return a moment as people name it now."""
        return when(at, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindrance:
    """Why a lane stands still, and what can be done about that."""

    sentences: tuple[Sentence, ...]
    cures: tuple[Cure, ...]


def hindrance(around: Around, lane: str) -> Hindrance | None:
    """Return what keeps everything in a lane from going on; None where nothing does."""
    if not around.running:
        return _stopped(around.unit)
    if lane in _SENDING and around.held is not None:
        return _paused(around, around.held)
    axis = around.pauses.get("axis") if lane in _OF_THE_AXIS else None
    if axis is not None:
        return _axis_down(around, axis)
    pause = around.pauses.get(_FLOWS[lane])
    return _resting(around, pause) if pause is not None else None


def _stopped(unit: str) -> Hindrance:
    sentence = Sentence(
        fact="node-stopped",
        words=say("the node is not running: nothing goes on before it is started"),
    )
    command = f"systemctl start {unit}" if unit else "edge-node run"
    cure = Cure(words=say("start the node"), command=command)
    return Hindrance(sentences=(sentence,), cures=(cure,))


def _paused(around: Around, held: Held) -> Hindrance:
    since = around.time(held.since)
    sentence = Sentence(
        fact="sending-paused",
        words=say(
            "nothing at all is sent since {since}: this data folder is a copy, or an older state"
            " of itself, and may not know all that was sent",
            since=since,
        ),
    )
    cures = (
        Cure(words=say("see how many the axis is still asked about"), command="edge-node status"),
        Cure(
            words=say("once no other copy of this node runs anywhere, let sending go on"),
            command="edge-node adopt",
        ),
    )
    return Hindrance(sentences=(sentence,), cures=cures)


def _axis_down(around: Around, pause: Pause) -> Hindrance:
    words = say(
        "the axis cannot be used since {since}: {reason}",
        since=around.time(pause.since),
        reason=pause.reason,
    )
    sentences = [Sentence(fact="axis-down", words=words)]
    cures = _from_the_reason(around, pause)
    sentences.append(_goes_on(around, pause, say("nothing is lost and no attempt is spent")))
    return Hindrance(sentences=tuple(sentences), cures=cures)


def _resting(around: Around, pause: Pause) -> Hindrance:
    words = say(
        "it is kept waiting since {since}, with all others like it: {reason}",
        since=around.time(pause.since),
        reason=pause.reason,
    )
    goes_on = _goes_on(around, pause, say("nothing is lost"))
    return Hindrance(
        sentences=(Sentence(fact="resting", words=words), goes_on),
        cures=_from_the_reason(around, pause),
    )


def _goes_on(around: Around, pause: Pause, safe: Message) -> Sentence:
    if pause.until is None:
        words = say("{safe}; it goes on by itself once that is mended", safe=safe)
    else:
        words = say(
            "{safe}; once that is mended it goes on by itself: the next try is {when}",
            safe=safe,
            when=around.time(pause.until),
        )
    return Sentence(fact="tried-again", words=words, part=Part.AHEAD, at=pause.until)


def _from_the_reason(around: Around, pause: Pause) -> tuple[Cure, ...]:
    """Return what the reason itself says can be done, and where to look further."""
    cures = []
    host = urlsplit(around.config.axis.url).hostname or ""
    if any(words in str(pause.reason) for words in _NO_NAME):
        cures.append(
            Cure(
                words=say(
                    "the name server (DNS) does not tell where {host} is: mend that, or the host"
                    " in axis.url; whether it is known, is told by",
                    host=host,
                ),
                command=f"getent hosts {host}",
            )
        )
    elif (hint := hint_in(pause.reason)) is not None:
        cures.append(Cure(words=hint))
    look = say("look over the node, its network and its certificates")
    return (*cures, Cure(words=look, command="edge-node doctor"))
