"""
Which PINs tokens refused, where no program forgets it: tokens lock themselves.

A PIN is written down before a token is told it, and struck out once the token took it. So one
that was refused is told once, and so is one to which nobody heard the answer, whatever ended the
program that told it; and it counts for every key on the same token. Others who would tell wait.

What is kept is a salted scrypt of the PIN. That hides it from a glance only: a PIN of a few
digits can be found by trying them all. Whoever may read this file may read the PIN's own as well,
and what stays here is, but for lost answers, what no token took.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import disk_errors, private_folder, shown, sync_folder, write
from edge_node.adapters.hiring import ChildMissing
from edge_node.adapters.lock import alone_with
from edge_node.adapters.signing_key import KeyTrouble, stays_refused
from edge_node.adapters.steps import Step, passing
from edge_node.domain.errors import EdgeNodeError, Outage
from edge_node.domain.message import say
from edge_node.notary.child import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge_node.adapters.signing_key import OnToken

log = logging.getLogger(__name__)

_PRIVATE: Final = 0o600
_LARGEST: Final = 1 << 20  # bytes; each PIN takes some 300
_SALT: Final = 16  # bytes
_FIELDS: Final = frozenset({"module", "label", "serial", "salt", "pin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPin:
    """A PIN, by what it is known again, and the token it was told to, as far as it was named."""

    module: str  # path of the vendor's library, without links
    label: str
    serial: str
    salt: str
    pin: str  # what scrypt makes of it

    @classmethod
    def of(cls, place: OnToken, pin: str) -> ToldPin:
        """Return what a PIN is known by; the PIN itself is not in it."""
        salt = secrets.token_hex(_SALT)
        return cls(
            module=os.path.realpath(place.module),
            label=place.label,
            serial=place.serial,
            salt=salt,
            pin=_stirred(pin, salt),
        )

    def may_be_at(self, place: OnToken) -> bool:
        """Whether that is perhaps the same token: nothing that was named tells them apart."""
        named = ((self.label, place.label), (self.serial, place.serial))
        same = all(not one or not other or one == other for one, other in named)
        return same and self.module == os.path.realpath(place.module)

    def is_pin(self, pin: str) -> bool:
        """Whether it is that PIN."""
        return hmac.compare_digest(self.pin, _stirred(pin, self.salt))


@dataclass(frozen=True, slots=True)
class RefusedPins:
    """The file of them; for several threads, and several programs."""

    path: Path

    @contextmanager
    def telling(self, place: OnToken, pin: str, source: str) -> Iterator[ToldPin]:
        """
        Have a token told a PIN in the block, once; ``source`` is where the PIN lies.

        It stays refused where the block ends by an exception of which `stays_refused` says so,
        or by none of a key's. Raises KeyTrouble for a PIN that was refused, before the block, and
        where the disk does not let us know or remember that.
        """
        with self._alone():
            known = self._known()
            if any(one.may_be_at(place) and one.is_pin(pin) for one in known):
                raise self._refused(source)
            told = ToldPin.of(place, pin)
            self._keep([*known, told])
            try:
                yield told
            except (KeyTrouble, ChildMissing) as error:
                if not stays_refused(error, locks=True):
                    self._strike(known)
                raise
            # A token that took a PIN has forgotten how many wrong ones it was told before.
            self._strike([one for one in known if not one.may_be_at(place)])

    def refuses(self, place: OnToken, pin: str) -> bool:
        """Whether that PIN was refused before, or not answered: it would not be told again."""
        return any(one.may_be_at(place) and one.is_pin(pin) for one in self._known())

    def note(self, told: ToldPin) -> None:
        """Remember a PIN that was refused later than it was told; the disk's no is logged."""
        try:
            with self._alone():
                known = self._known()
                if told not in known:
                    self._keep([*known, told])
        except EdgeNodeError:
            log.exception("it could not be remembered that a PIN was refused")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with ExitStack() as stack:
            with _as_trouble():
                private_folder(self.path.parent)
                stack.enter_context(alone_with(self.path))
            yield

    def _refused(self, source: str) -> KeyTrouble:
        return KeyTrouble(
            say(
                "the PIN in {path} was refused before, or not answered: it is not told again",
                path=source,
            ),
            Reason.WRONG_SECRET,
            hint=say(
                "write the right PIN into {path}; if it is the right one, see that the token is"
                " not locked, then remove {refused}: it is told once more",
                path=source,
                refused=shown(self.path),
            ),
        )

    def _known(self) -> list[ToldPin]:
        with _as_trouble(), disk_errors(self.path):
            try:
                with self.path.open("rb") as file:
                    told = json.loads(file.read(_LARGEST))
            except FileNotFoundError:
                return []
            except (ValueError, RecursionError):
                told = None
            if not isinstance(told, list) or not all(map(_is_ours, told)):
                raise self._unsound()
            return [ToldPin(**one) for one in told]

    def _unsound(self) -> Outage:
        return Outage(
            say("{path} is not as it was written", path=shown(self.path)),
            hint=say(
                "see that the PIN is the right one, then remove that file: no other PIN that was"
                " refused is remembered any more"
            ),
        )

    def _keep(self, told: Iterable[ToldPin]) -> None:
        with _as_trouble():
            text = json.dumps([asdict(one) for one in told], indent=1)
            write(self.path, text.encode() + b"\n", mode=_PRIVATE)

    def _strike(self, left: list[ToldPin]) -> None:
        """Keep what is left; what the disk says to that is logged."""
        try:
            if left:
                self._keep(left)
                return
            with disk_errors(self.path):  # which a full disk lets us do, too
                with passing(Step.REMOVE, self.path):
                    self.path.unlink(missing_ok=True)
                sync_folder(self.path.parent)
        except EdgeNodeError:
            log.exception("it could not be remembered that a PIN was not refused")


@contextmanager
def _as_trouble() -> Iterator[None]:
    """Have what the disk says be trouble of the key: without knowing, no token is told a PIN."""
    try:
        yield
    except KeyTrouble:
        raise
    except EdgeNodeError as error:
        raise KeyTrouble(error.message, Reason.KEY_MISSING, hint=error.hint) from error


def _is_ours(told: object) -> bool:
    return (
        isinstance(told, dict)
        and told.keys() == _FIELDS
        and all(isinstance(one, str) for one in told.values())
    )


def _stirred(pin: str, salt: str) -> str:
    """Return what scrypt makes of a PIN: 16 MB and some 50 ms each."""
    told = pin.encode(errors="surrogatepass")
    return hashlib.scrypt(told, salt=salt.encode(), n=1 << 14, r=8, p=1).hex()
