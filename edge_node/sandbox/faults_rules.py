"""
The faults a sandbox can have on purpose, and the rules that say when which one strikes.

A rule is a value; it is read from a YAML file or from the body of a control call, both of the
same shape, and everything wrong with them is named at once. When a rule has struck how often is
`edge_node.sandbox.faults`' affair. There is no chance in any of it: the same calls in the same
order meet the same faults.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import ConfigError
from edge_node.domain.message import say
from edge_node.protocol.vxp import Method
from edge_node.sandbox.tree import TreeReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


class Fault(StrEnum):
    """The ways in which the axis can go wrong; docs/sandbox.md says what each one does."""

    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    ERROR = "error"
    TOO_LARGE = "too-large"
    NOT_JSON = "not-json"
    HTML = "html"
    HALF_ANSWER = "half-answer"
    CODE_ZERO_ERROR = "code-zero-error"
    UNKNOWN_CODE = "unknown-code"
    STALL = "stall"
    DRIP = "drip"
    ANSWER_AFTER_GIVE_UP = "answer-after-give-up"
    CLOCK_SKEW = "clock-skew"
    REFUSE_RECEIVER = "refuse-receiver"
    FORGET_SENT = "forget-sent"
    LIST_LATE = "list-late"
    DUPLICATE_LISTING = "duplicate-listing"
    REORDER = "reorder"
    SKIP_DAYS = "skip-days"
    OFFER_AFTER_DONE = "offer-after-done"
    ACKNOWLEDGE_ON_READ = "acknowledge-on-read"
    FORGET_ACKNOWLEDGEMENT = "forget-acknowledgement"
    CORRUPT_BASE64 = "corrupt-base64"
    SWAP_CONTENT_TYPE = "swap-content-type"
    DROP_BUSSINESS = "drop-bussiness"
    HALF_PACKAGE = "half-package"


class Stage(Enum):
    """Where on a call's way a rule strikes."""

    CLOCK = auto()  # for the whole of the call
    BEFORE = auto()  # the call has arrived whole, nothing is done yet
    AFTER = auto()  # all is done, the answer is about to leave
    MEANING = auto()  # in what the call does


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One fault, and the calls it strikes.

    A call fits by its method, by who makes it, by an agency it is meant for and by the kind of
    message it names; "" fits all. Of the fitting calls the first ``skip`` pass, then each
    ``every``-th is struck, ``times`` times at most. The rest are the fault's own numbers.
    """

    fault: Fault
    calls: tuple[Method, ...]
    times: int | None = None
    skip: int = 0
    every: int = 1
    caller: str = ""
    receiver: str = ""
    message: str = ""
    after: bool = False
    http: int = 503
    code: str = ""
    seconds: float = 0
    then: str = "go-on"
    bytes: int = 0
    items: int = 0
    lists: int = 0
    where: str = ""
    dated: bool = False

    @property
    def stage(self) -> Stage:
        """Where the rule strikes."""
        stage = _NATURES[self.fault].stage
        if stage is Stage.BEFORE and self.after:
            return Stage.AFTER
        if self.fault is Fault.CORRUPT_BASE64 and self.where == "answer":
            return Stage.AFTER
        return stage

    def plain(self) -> dict[str, object]:
        """Return the rule as it can be read again, less what is as it is by default."""
        shown: dict[str, object] = {"fault": str(self.fault), "calls": [*map(str, self.calls)]}
        for one in fields(self)[2:]:
            value = getattr(self, one.name)
            if value != one.default:
                shown[one.name] = value
        return shown


_ALL: Final = tuple(Method)
_READS: Final = (Method.FETCH, Method.DOWNLOAD)
_LISTS: Final = (Method.RECEIVED_LIST, Method.SENT_LIST)
_OF_ONE_KIND: Final = (Method.SEND, *_LISTS)  # calls whose `messagetype` says what they are about
_SHARED: Final = ("fault", "calls", "times", "skip", "every", "caller", "receiver", "message")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nature:
    """Where a fault strikes, which calls it can strike, and its own keys with their defaults."""

    stage: Stage
    calls: tuple[Method, ...]
    keys: Mapping[str, object]


def _nature(stage: Stage, *calls: Method, **keys: object) -> _Nature:
    return _Nature(stage=stage, calls=calls or _ALL, keys=MappingProxyType(keys))


_NATURES: Final[Mapping[Fault, _Nature]] = MappingProxyType(
    {
        Fault.DROP_BEFORE: _nature(Stage.BEFORE),
        Fault.DROP_AFTER: _nature(Stage.AFTER),
        Fault.ERROR: _nature(Stage.BEFORE, http=503, after=False),
        Fault.TOO_LARGE: _nature(Stage.BEFORE),
        Fault.NOT_JSON: _nature(Stage.BEFORE, after=False),
        Fault.HTML: _nature(Stage.BEFORE, after=False),
        Fault.HALF_ANSWER: _nature(Stage.AFTER, bytes=0),
        Fault.CODE_ZERO_ERROR: _nature(Stage.BEFORE, after=False),
        Fault.UNKNOWN_CODE: _nature(Stage.BEFORE, code="77", after=False),
        Fault.STALL: _nature(Stage.BEFORE, seconds=30, then="go-on", after=False),
        Fault.DRIP: _nature(Stage.AFTER, bytes=16, seconds=0.05),
        Fault.ANSWER_AFTER_GIVE_UP: _nature(Stage.BEFORE, Method.SEND, seconds=0),
        Fault.CLOCK_SKEW: _nature(Stage.CLOCK, seconds=3600),
        Fault.REFUSE_RECEIVER: _nature(Stage.MEANING, Method.SEND, code="18"),
        Fault.FORGET_SENT: _nature(Stage.MEANING, Method.SEND),
        Fault.LIST_LATE: _nature(Stage.MEANING, Method.SENT_LIST, seconds=0, lists=0),
        Fault.DUPLICATE_LISTING: _nature(Stage.MEANING, *_LISTS),
        Fault.REORDER: _nature(Stage.MEANING, *_LISTS),
        Fault.SKIP_DAYS: _nature(
            Stage.MEANING, Method.RECEIVED_LIST, items=0, seconds=0, dated=False
        ),
        Fault.OFFER_AFTER_DONE: _nature(Stage.MEANING, Method.RECEIVED_LIST),
        Fault.ACKNOWLEDGE_ON_READ: _nature(Stage.MEANING, Method.RECEIVED_LIST, *_READS),
        Fault.FORGET_ACKNOWLEDGEMENT: _nature(Stage.MEANING, Method.UPDATE_STATUS),
        Fault.CORRUPT_BASE64: _nature(Stage.MEANING, *_READS, where="attachment"),
        Fault.SWAP_CONTENT_TYPE: _nature(Stage.MEANING, *_READS, where="both"),
        Fault.DROP_BUSSINESS: _nature(Stage.MEANING, *_READS),
        Fault.HALF_PACKAGE: _nature(Stage.MEANING, *_READS),
    }
)
# What is struck when a rule does not say: less than all that could be.
_USUAL: Final[Mapping[Fault, tuple[Method, ...]]] = MappingProxyType(
    {Fault.DUPLICATE_LISTING: (Method.RECEIVED_LIST,)}
)
_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "then": ("go-on", "drop"),
        "where/corrupt-base64": ("attachment", "answer"),
        "where/swap-content-type": ("manifest", "attachment", "both"),
        "code/refuse-receiver": ("18", "23"),
    }
)
_HTTP_ERRORS: Final = range(400, 600)
_LONGEST: Final = 10**8  # seconds, some three years: a date that far off can still be written


def read_rules_file(path: Path) -> tuple[Rule, ...]:
    """Read a file of rules; ConfigError names all that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            say("cannot read {path}: {error}", path=str(path), error=str(error))
        ) from error
    return read_rules(text, source=str(path))


def read_rules(text: str, *, source: str) -> tuple[Rule, ...]:
    """Read rules from YAML, of which JSON is a part; ConfigError names all that is wrong."""
    import yaml  # noqa: PLC0415 - only a sandbox that is to misbehave pays for it

    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(
            say("cannot read {path}: {error}", path=source, error=str(error))
        ) from error
    return as_rules(tree, source=source)


def as_rules(tree: object, *, source: str) -> tuple[Rule, ...]:
    """Return the rules of a tree `{"faults": [{"fault": …}, …]}`; ConfigError."""
    reader = _Reader()
    rules = reader.rules(tree, source)
    if reader.problems:
        raise ConfigError(
            say("{path} cannot be used", path=source),
            reader.problems,
            hint=say("docs/sandbox.md has every fault with its keys"),
        )
    return rules


class _Reader(TreeReader):
    """Reads the tree of a file of rules."""

    def rules(self, tree: object, source: str) -> tuple[Rule, ...]:
        rows = self.mapping(source, tree, known=("faults",)).get("faults")
        if not isinstance(rows, list):
            self.problems.append(say("faults: expected a list"))
            return ()
        read = [self._rule(f"faults[{place}]", row) for place, row in enumerate(rows)]
        return tuple(rule for rule in read if rule is not None)

    def _rule(self, place: str, row: object) -> Rule | None:
        fault = self._fault(place, row)
        if fault is None:
            return None
        own = _NATURES[fault].keys
        entry = self.mapping(place, row, known=(*_SHARED, *own))
        calls = self._calls(f"{place}.calls", entry.get("calls"), fault)
        rule = Rule(
            fault=fault,
            calls=calls,
            times=self._count(place, "times", entry, least=1) if "times" in entry else None,
            skip=self._count(place, "skip", entry, least=0, default=0),
            every=self._count(place, "every", entry, least=1, default=1),
            caller=self.text(f"{place}.caller", entry.get("caller", "")),
            receiver=self.text(f"{place}.receiver", entry.get("receiver", "")),
            message=self._message(f"{place}.message", entry.get("message", ""), calls),
            after=self._flag(place, "after", entry),
            dated=self._flag(place, "dated", entry),
            http=self._http(f"{place}.http", entry.get("http", 503)),
            seconds=self._seconds(place, entry, own),
            bytes=self._count(place, "bytes", entry, least=1, default=own.get("bytes", 0)),
            items=self._count(place, "items", entry, least=1, default=0),
            lists=self._count(place, "lists", entry, least=1, default=0),
            code=self._word(place, "code", entry, fault, str(own.get("code", ""))),
            then=self._word(place, "then", entry, fault, "go-on"),
            where=self._word(place, "where", entry, fault, str(own.get("where", ""))),
        )
        self._check_whole(place, rule)
        return rule

    def _fault(self, place: str, row: object) -> Fault | None:
        if not isinstance(row, dict):
            self.wrong(place, say("keys and values"), row)
            return None
        name = row.get("fault")
        if name in list(Fault):
            return Fault(str(name))
        self.wrong(f"{place}.fault", say("one of {kinds}", kinds=", ".join(Fault)), name)
        return None

    def _check_whole(self, place: str, rule: Rule) -> None:
        """Find what no single key shows."""
        if rule.fault in {Fault.LIST_LATE, Fault.SKIP_DAYS}:
            amount = "lists" if rule.fault is Fault.LIST_LATE else "items"
            if bool(rule.seconds) == bool(getattr(rule, amount)):
                self.problems.append(
                    say("{place}: expected either seconds or {key}", place=place, key=amount)
                )
        if rule.fault is Fault.REFUSE_RECEIVER and not rule.receiver:
            self.problems.append(say("{place}: expected a receiver", place=place))
        answer = rule.fault is Fault.CORRUPT_BASE64 and rule.where == "answer"
        if answer and rule.calls != (Method.FETCH,):
            self.wrong(
                f"{place}.calls", say("[getEdoc], whose answer alone is base64"), rule.calls
            )

    def _calls(self, place: str, value: object, fault: Fault) -> tuple[Method, ...]:
        possible = _NATURES[fault].calls
        if value is None:
            return _USUAL.get(fault, possible)
        known = [str(method) for method in possible]
        if not isinstance(value, list) or not value or any(one not in known for one in value):
            expected = say("a list of calls from {kinds}", kinds=", ".join(known))
            self.wrong(place, expected, value)
            return possible
        return tuple(dict.fromkeys(Method(one) for one in value))

    def _message(self, place: str, value: object, calls: Iterable[Method]) -> str:
        if value and value not in list(MessageType):
            self.wrong(place, say("one of {kinds}", kinds=", ".join(MessageType)), value)
            return ""
        mute = [str(call) for call in calls if call not in _OF_ONE_KIND]
        if value and mute:
            expected = say("calls that name a kind of message, which {calls} do not", calls=mute)
            self.wrong(place, expected, value)
        return str(value)

    def _count(
        self,
        place: str,
        key: str,
        entry: Mapping[str, object],
        *,
        least: int,
        default: object = 0,
    ) -> int:
        value = entry.get(key, default)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if isinstance(value, int) and whole and (value >= least or key not in entry):
            return value
        self.wrong(f"{place}.{key}", say("a whole number from {least}", least=least), value)
        return least

    def _http(self, place: str, value: object) -> int:
        if isinstance(value, int) and value in _HTTP_ERRORS:
            return value
        self.wrong(place, say("an HTTP error from 400 to 599"), value)
        return 503

    def _seconds(
        self, place: str, entry: Mapping[str, object], own: Mapping[str, object]
    ) -> float:
        value = entry.get("seconds", own.get("seconds", 0))
        least = -_LONGEST if entry.get("fault") == Fault.CLOCK_SKEW else 0
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(value, int | float) and number and least <= value <= _LONGEST:
            return value
        self.wrong(f"{place}.seconds", say("a number of seconds"), value)
        return 0

    def _flag(self, place: str, key: str, entry: Mapping[str, object]) -> bool:
        value = entry.get(key, False)
        if not isinstance(value, bool):
            self.wrong(f"{place}.{key}", say("true or false"), value)
        return value is True

    def _word(
        self, place: str, key: str, entry: Mapping[str, object], fault: Fault, default: str
    ) -> str:
        value = entry.get(key, default)
        if key == "code" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # YAML takes a bare 77 for a number
        words: Sequence[str] = _WORDS.get(f"{key}/{fault}", _WORDS.get(key, ()))
        if words and value not in words and key in entry:
            self.wrong(f"{place}.{key}", say("one of {kinds}", kinds=", ".join(words)), value)
            return default
        return self.text(f"{place}.{key}", value)
