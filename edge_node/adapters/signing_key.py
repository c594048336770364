"""
The key as the node sees it: signatures over digests, by a child process that holds it.

Files that hold a key are opened here and read in the child. Its secret (a password or a PIN) is
asked for whenever a child opens the key and not kept. One that was refused is never tried again,
by whatever child: a token locks itself after a few wrong ones. Nor is one over which a child was
lost that had a token open: nobody knows what the token made of it.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.adapters.hired import Hired
from edge_node.adapters.hiring import (
    ChildMissing,
    CutOff,
    Ending,
    Limits,
    Lost,
    Post,
    Span,
    python,
)
from edge_node.adapters.secret import OTHERS
from edge_node.adapters.token_sight import question, read_sight
from edge_node.domain.errors import Outage
from edge_node.domain.message import say
from edge_node.notary.child import Reason
from edge_node.notary.told import Blobs, read_message
from edge_node.notary.wire import Fields, Garbled, Packet, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge_node.adapters.token_sight import TokenSight
    from edge_node.domain.message import Message
    from edge_node.notary.wire import Plain

SIGNER: Final = python("edge_node.notary.signer")
# A token that is asked for a PIN or a large key may think for long; vendors' drivers, for ever.
SPAN: Final = Span(clock=timedelta(minutes=1), processor=timedelta(seconds=30))
LIMITS: Final = Limits(memory=1 << 30, writes=1 << 20, starts=True)
_ALGORITHMS: Final = frozenset({"rsa-pkcs1-sha256", "ecdsa-p256-sha256", "ecdsa-p384-sha384"})
_LONGEST_CHAIN: Final = 20
_LARGEST_CMS: Final = 1 << 19  # bytes; usual are some 4 000
NOT_AGAIN: Final = frozenset({Reason.WRONG_SECRET, Reason.LOCKED})

_Answer = TypeVar("_Answer")


class KeyTrouble(Outage):
    """Nothing can be signed until a person mends what holds the key; ``reason`` says what."""

    def __init__(self, message: Message, reason: Reason, *, hint: Message | None = None) -> None:
        """Keep the reason beside the sentence."""
        super().__init__(message, hint=hint)
        self.reason = reason


class KeyReplaced(KeyTrouble):
    """Another key lies there than whoever asks was told of: what it is now is to be asked anew."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            say("the key was replaced while it was used: its certificate is another one now"),
            Reason.KEY_MISMATCH,
            hint=say("try again"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs12Place:
    """A key in a PKCS #12 file."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PemPlace:
    """A key in a PEM file and its certificates in another, or the same."""

    key: Path
    certificates: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OnToken:
    """A key on a token (PKCS #11): what is left empty goes by the only one there is."""

    module: str  # path of the vendor's library
    label: str = ""  # of the token
    serial: str = ""  # of the token
    key_label: str = ""
    key_id: bytes = b""


KeyPlace = Pkcs12Place | PemPlace | OnToken


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What everybody may know of the key."""

    certificate: bytes  # DER
    chain: tuple[bytes, ...]  # DER, from its issuer upwards, without the root
    algorithm: str  # rsa-pkcs1-sha256, ecdsa-p256-sha256 or ecdsa-p384-sha384
    size: int  # bytes of a SignedData by this key, without a time-stamp

    @property
    def hashed(self) -> str:
        """The hash function of the algorithm."""
        return self.algorithm.rsplit("-", 1)[1]


class SigningKey:
    """
    One key and the child that holds it; for several threads, one after the other.

    A token lets a program log in once, so there is one child for all lanes. Every method raises
    `KeyTrouble`, and `ChildMissing` where no child can be started.
    """

    def __init__(
        self,
        place: KeyPlace,
        secret: Callable[[], str],
        *,
        span: Span = SPAN,
        idle: timedelta = timedelta(minutes=15),
        environment: Mapping[str, str] = MappingProxyType({}),
        command: tuple[str, ...] = SIGNER,
    ) -> None:
        """Open nothing yet; ``environment`` is all a token's driver finds of one."""
        self._place = place
        self._secret = secret
        self._span = span
        self._lock = threading.Lock()
        self._known: tuple[int | None, KeyFacts] | None = None  # and by which child
        self._told: KeyFacts | None = None  # of the key as the last child opened it
        self._refused: dict[bytes, KeyTrouble] = {}
        self._salt = secrets.token_bytes(32)
        self._hired = Hired(
            Post(command=command, idle=idle, limits=LIMITS, environment=environment)
        )

    def facts(self) -> KeyFacts:
        """Return the certificate of the key, its chain and its algorithm; asked once a child."""
        self._hired.tidy()
        known, pid = self._known, self._hired.pid
        if known is None or known[0] != pid:
            facts = self._asked({"ask": "facts"}, _facts)
            self._known = known = (self._hired.pid, facts)
        return known[1]

    def sign(self, digest: bytes, facts: KeyFacts | None = None) -> bytes:
        """
        Return the raw signature over a digest made with the algorithm's hash function.

        KeyReplaced where the key is not the one any more of which ``facts`` were told.
        """
        return self._asked({"ask": "sign", "digest": 0}, _only, digest, facts=facts)

    def cms(self, digest: bytes, facts: KeyFacts | None = None) -> bytes:
        """Return a SignedData (DER) over a document's digest, without a time-stamp; see `sign`."""
        return self._asked({"ask": "cms", "digest": 0}, _only, digest, facts=facts)

    def sight(self) -> TokenSight:
        """Return what the token of the key shows to anybody; nobody logs in for it."""
        assert isinstance(self._place, OnToken)  # noqa: S101 - files have none, and nobody asks
        with self._lock:
            return self._ask(question(self._place), read_sight, once=True)

    def tidy(self) -> None:
        """Take note of a child that has gone for want of work."""
        self._hired.tidy()

    def close(self) -> None:
        """End the child; the key is closed with it."""
        self._hired.close()

    @property
    def pid(self) -> int | None:
        """The child that is kept, if any."""
        return self._hired.pid

    def _asked(
        self,
        body: dict[str, Plain],
        read: Callable[[Packet], _Answer],
        *blobs: bytes,
        facts: KeyFacts | None = None,
    ) -> _Answer:
        packet = Packet(body=body, blobs=blobs)
        with self._lock:
            self._demand_same(facts)
            try:
                return self._ask(packet, read)
            except KeyTrouble as trouble:
                if trouble.reason is not Reason.NOT_OPEN:
                    raise
            self._reopen()
            self._demand_same(facts)
            return self._ask(packet, read)

    def _demand_same(self, facts: KeyFacts | None) -> None:
        """Refuse to ask another key than that of which the facts were told; KeyReplaced."""
        if facts is not None and self._told is not None and self._told != facts:
            raise KeyReplaced

    def _reopen(self) -> None:
        """Have the key opened, unless its secret is known to be refused."""
        secret = self._secret()
        with ExitStack() as stack:
            packet = _opening(self._place, secret, stack)
            with self._telling(packet, secret):
                self._told = self._ask(packet, _facts, once=True)

    @contextmanager
    def _telling(self, packet: Packet, secret: str) -> Iterator[None]:
        """Have a child told the secret, once; it stays refused unless something else is heard."""
        mark = self._mark(packet, secret)
        if mark in self._refused:
            raise _not_again(self._refused[mark])
        locks = isinstance(self._place, OnToken)  # files do not lock themselves
        if locks:
            self._refused[mark] = _lost(Lost(Ending.KILLED), self._span)
        try:
            yield
        except (KeyTrouble, ChildMissing) as error:
            if not stays_refused(error, locks=locks):
                self._refused.pop(mark, None)
            elif isinstance(error, KeyTrouble):
                self._refused[mark] = error
            raise
        self._refused.pop(mark, None)

    def _mark(self, packet: Packet, secret: str) -> bytes:
        """Return what a secret is known by, and the files with it: one that is new may fit it."""
        known = [secret]
        for descriptor in packet.files:
            found = os.fstat(descriptor)
            known.append(f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns}")
        told = "\0".join(known).encode(errors="surrogatepass")
        return hmac.digest(self._salt, told, "sha256")

    def _ask(
        self, packet: Packet, read: Callable[[Packet], _Answer], *, once: bool = False
    ) -> _Answer:
        try:
            answer = self._hired.ask(packet, self._span, once=once)
        except Lost as lost:
            raise _lost(lost, self._span) from lost
        try:
            return read(_read(answer))
        except Garbled as error:
            self._hired.drop()
            raise _lost(Lost(Ending.GARBLED), self._span) from error


def stays_refused(error: KeyTrouble | ChildMissing, *, locks: bool) -> bool:
    """
    Whether a secret is not to be told again after this; ``locks`` for what counts wrong ones.

    That is where it was refused, and where nobody knows what was made of it.
    """
    if isinstance(error, ChildMissing):
        return locks and isinstance(error, CutOff)
    unheard = error.reason is Reason.UNFORESEEN or isinstance(error.__cause__, Lost)
    return error.reason in NOT_AGAIN or (locks and unheard)


def _not_again(known: KeyTrouble) -> KeyTrouble:
    unknown = say("see that the token is not locked, then restart the node")
    hint = known.hint if known.reason in NOT_AGAIN else unknown
    return KeyTrouble(known.message, known.reason, hint=hint)


def _opening(place: KeyPlace, secret: str, stack: ExitStack) -> Packet:
    if isinstance(place, OnToken):
        blobs = Blobs()
        body: dict[str, Plain] = {
            "ask": "open",
            "kind": "token",
            "module": place.module,
            "label": place.label,
            "serial": place.serial,
            "key_label": place.key_label,
            "key_id": blobs.add(place.key_id),
            "secret": secret,
        }
        return Packet(body=body, blobs=blobs.all)
    kind, first, *others = (
        ("pkcs12", place.path)
        if isinstance(place, Pkcs12Place)
        else ("pem", place.key, place.certificates)
    )
    files = (_opened(first, stack, held=True), *(_opened(path, stack) for path in others))
    return Packet(
        body={"ask": "open", "kind": kind, "name": str(first), "secret": secret}, files=files
    )


def _opened(path: Path, stack: ExitStack, *, held: bool = False) -> int:
    """Open a file of a key; nobody but the owner and the group may get at the key it holds."""
    try:
        # A pipe would have the node wait for whoever writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _unopened(path, error.strerror) from error
    stack.callback(os.close, descriptor)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        raise _unopened(path, say("it is no regular file"))
    if held and mode & OTHERS:
        raise KeyTrouble(
            say("everybody on this machine may read the key in {path}", path=str(path)),
            Reason.KEY_UNREADABLE,
            hint=say("chmod o-rwx {path}", path=str(path)),
        )
    return descriptor


def _unopened(path: Path, reason: str | Message | None) -> KeyTrouble:
    return KeyTrouble(
        say("{file} cannot be opened: {reason}", file=path, reason=reason),
        Reason.KEY_MISSING,
        hint=say("put the key there, readable for the account the node runs as"),
    )


def _read(answer: Packet) -> Packet:
    """Return an answer; raise what the child says is the trouble."""
    if "failed" in answer.body:
        failed = answer.body["failed"]
        raise KeyTrouble(
            say(
                "the key could not be used: {reason}",
                reason=clean(failed) if isinstance(failed, str) else "?",
            ),
            Reason.UNFORESEEN,
            hint=say("tell whoever maintains this node"),
        )
    if "trouble" in answer.body:
        told = Fields.of(answer.body["trouble"], (), ("reason", "message", "hint"))
        raise KeyTrouble(
            read_message(told.value["message"]),
            told.one_of("reason", Reason),
            hint=told.maybe("hint", lambda name: read_message(told.value[name])),
        )
    return answer


def _facts(answer: Packet) -> KeyFacts:
    algorithm = answer.body.get("algorithm")
    known = isinstance(algorithm, str) and algorithm in _ALGORITHMS
    if not known or not 0 < len(answer.blobs) <= _LONGEST_CHAIN:
        raise Garbled("facts")
    certificate, *chain = answer.blobs
    return KeyFacts(
        certificate=certificate,
        chain=tuple(chain),
        algorithm=str(algorithm),
        size=Fields(dict(answer.body)).number("size", 1, _LARGEST_CMS),
    )


def _only(answer: Packet) -> bytes:
    if len(answer.blobs) != 1:
        raise Garbled("blobs")
    return answer.blobs[0]


def _lost(lost: Lost, span: Span) -> KeyTrouble:
    if lost.ending is Ending.OVERDUE:
        return KeyTrouble(
            say(
                "what holds the key has not answered for {seconds} s",
                seconds=int(span.clock.total_seconds()),
            ),
            Reason.TOKEN_SILENT,
            hint=say("pull the token out and plug it in again, or restart its driver"),
        )
    return KeyTrouble(
        say("the program that holds the key ended ({how})", how=lost.ending.value),
        Reason.UNFORESEEN,
        hint=say("it is started again; if it keeps ending, look at the token's driver"),
    )
