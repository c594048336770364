"""What must hold between keys that are each right by themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_node.config.addresses import is_this_machine
from edge_node.config.choices import Carrier, Revocations
from edge_node.config.sections import PROBE, IntakeRule
from edge_node.config.signing import SigningKeySection
from edge_node.config.trusting import StampServer
from edge_node.domain.message import say
from edge_node.domain.signing import LASTING, Level, LookKind, SigningPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True)
class Breach:
    """What does not hold, and the keys it is about, the likeliest culprit first."""

    keys: tuple[str, ...]
    words: Message


# The shorter or smaller key, the other one, and why.
_ORDER: Final = (
    ("axis.connect_timeout", "axis.total_timeout", say("connecting is a part of the call")),
    ("push.retry_first", "push.retry_ceiling", say("the waits grow from the one to the other")),
    (
        "intake.quiet",
        "intake.settle_timeout",
        say("no drop could settle before it is refused as truncated"),
    ),
    (
        "limits.attachment",
        "limits.unpacked",
        say("an attachment we may send must be one we may receive"),
    ),
    (
        "calendar.opens",
        "calendar.morning_ends",
        say("the morning begins when the offices open"),
    ),
    ("calendar.morning_ends", "calendar.closes", say("the offices close after the morning")),
    (
        "directory.every",
        "directory.stale_after",
        say("a directory would be out of date before it is read again"),
    ),
)


def breaches(values: Mapping[str, object]) -> Iterator[Breach]:
    """Yield what does not hold between the values, given by their full keys; absent ones pass."""
    for low, high, why in _ORDER:
        if _exceeds(values.get(low), values.get(high)):
            yield Breach(
                (low, high),
                say("must not be more than {other}, because {why}", other=high, why=why),
            )
    yield from _leases_outlast_calls(values)
    yield from _packages_hold_attachments(values)
    yield from folders_lie_apart(values)
    yield from _rules_are_whole(values)
    yield from _passwords_are_safe(values)
    yield from _keys_lie_in_one_place(values)
    yield from _signing_has_what_it_takes(values)
    yield from _looks_are_whole(values)
    yield from _only_a_proxy_names_people(values)
    yield from _carriers_have_what_they_take(values)


def _exceeds(low: object, high: object) -> bool:
    if isinstance(low, timedelta) and isinstance(high, timedelta):
        return low > high
    if isinstance(low, time) and isinstance(high, time):
        return low > high
    return isinstance(low, int) and isinstance(high, int) and low > high


def _leases_outlast_calls(values: Mapping[str, object]) -> Iterator[Breach]:
    """Whoever sends may have to probe the axis first, and a disk may be slow afterwards."""
    keys = ("axis.total_timeout", "push.lease", "axis.connect_timeout")
    call, lease, connect = (values.get(key) for key in keys)
    if not isinstance(call, timedelta) or not isinstance(lease, timedelta):
        return
    probe = PROBE + (connect if isinstance(connect, timedelta) else timedelta())
    needed = call + min(call, probe) + call / 10
    if lease < needed:
        yield Breach(
            keys[:2],
            say(
                "{other} must be at least {needed}, because a lease that ends during the call"
                " lets a document be sent twice",
                other="push.lease",
                needed=f"{math.ceil(needed.total_seconds())}s",
            ),
        )


def _packages_hold_attachments(values: Mapping[str, object]) -> Iterator[Breach]:
    attachment, package = values.get("limits.attachment"), values.get("limits.package")
    if isinstance(attachment, int) and isinstance(package, int) and attachment * 4 > package * 3:
        yield Breach(
            ("limits.package", "limits.attachment"),
            say(
                "must be at least a third more than {other}, because base64 makes an attachment"
                " a third larger",
                other="limits.attachment",
            ),
        )


def folders_lie_apart(values: Mapping[str, object]) -> Iterator[Breach]:
    """Yield that the shared folder holds the private one, or lies where it cannot."""
    data, exchange = values.get("folders.data"), values.get("folders.exchange")
    if not isinstance(data, Path) or not isinstance(exchange, Path):
        return
    keys = ("folders.exchange", "folders.data")
    if data.is_relative_to(exchange):
        yield Breach(keys, say("must not hold {other}, which is private", other="folders.data"))
    elif exchange.is_relative_to(data / "spool"):
        yield Breach(keys, say("must not lie in the spool, which is private"))


def _rules_are_whole(values: Mapping[str, object]) -> Iterator[Breach]:
    types = values.get("package.document_types")
    for key, rule in values.items():
        if not isinstance(rule, IntakeRule):
            continue
        if not rule.to and "to" not in rule.match.groupindex:
            yield Breach((f"{key}.to", key), say("missing, and the pattern has no group `to`"))
        if isinstance(types, Mapping) and rule.type not in types:
            near = get_close_matches(rule.type, types, 1) or ["Công văn"]
            yield Breach(
                (f"{key}.type", key),
                say(
                    "expected one of {other}, such as {near}",
                    other="package.document_types",
                    near=near[0],
                ),
            )


def _passwords_are_safe(values: Mapping[str, object]) -> Iterator[Breach]:
    """HTTP Basic sends the password as it is: only where TLS hides it."""
    for key, server in values.items():
        if not isinstance(server, StampServer):
            continue
        if bool(server.user) != bool(server.password_file):
            lacking = "password_file" if server.user else "user"
            yield Breach(
                (f"{key}.{lacking}", key),
                say("missing: user and password_file belong together"),
            )
        parts = urlsplit(server.url)
        if server.user and parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
            yield Breach(
                (f"{key}.url", key),
                say("must be https, because http sends the password readable to everybody"),
            )


# The kinds of places, by the key that says which it is, and what else belongs to each.
_PLACES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "pkcs12": (),
        "pem": ("certificates",),
        "module": ("token", "serial", "key_label", "key_id", "environment"),
    }
)


def _keys_lie_in_one_place(values: Mapping[str, object]) -> Iterator[Breach]:
    """No key is in two places, and no two have one name."""
    seen: dict[str, str] = {}
    for at, key in values.items():
        if not isinstance(key, SigningKeySection):
            continue
        if key.name.casefold() in seen:
            first = seen[key.name.casefold()]
            yield Breach((f"{at}.name", at), say("the name of {other}, too", other=first))
        seen.setdefault(key.name.casefold(), at)
        places = [place for place in _PLACES if getattr(key, place)]
        if len(places) != 1:
            yield Breach((at,), say("expected one of {places}", places=", ".join(_PLACES)))
            continue
        for other, belongings in _PLACES.items():
            for name in belongings:
                if other != places[0] and getattr(key, name):
                    yield Breach(
                        (f"{at}.{name}", at), say("only together with {other}", other=other)
                    )
        if key.module and not key.password_file:
            yield Breach((f"{at}.password_file", at), say("missing: a token is opened by its PIN"))


_PROVING: Final = frozenset({Revocations.REQUIRED, None})  # None: it is said elsewhere


def _signing_has_what_it_takes(values: Mapping[str, object]) -> Iterator[Breach]:
    documents, keys = values.get("signing.documents"), values.get("signing.keys")
    level, servers = values.get("signing.level"), values.get("stamps.servers")
    if keys == () and documents not in {SigningPolicy.NEVER, None}:
        yield Breach(
            ("signing.keys", "signing.documents"),
            say("missing, and signing.documents asks for signatures"),
        )
    if keys and servers == () and level not in {Level.B_B, None}:
        yield Breach(
            ("stamps.servers", "signing.level", "signing.keys"),
            say("missing: signatures of level {level} have a time-stamp", level=str(level)),
        )
    if keys and level in LASTING and values.get("trust.revocation") not in _PROVING:
        yield Breach(
            ("trust.revocation", "signing.level", "signing.keys"),
            say(
                "must be required, because signatures of level {level} hold the evidence that"
                " nothing was revoked",
                level=str(level),
            ),
        )


def _looks_are_whole(values: Mapping[str, object]) -> Iterator[Breach]:
    """Make sure that a seal comes with its real size, which nobody can guess."""
    if values.get("signing.look.kind") is not LookKind.SEAL:
        return
    for name in ("seal", "width", "height"):
        key = f"signing.look.{name}"
        if not values.get(key, True):
            yield Breach(
                (key, "signing.look.kind"),
                say("missing, and signing.look.kind is {kind}", kind=str(LookKind.SEAL)),
            )


def _only_a_proxy_names_people(values: Mapping[str, object]) -> Iterator[Breach]:
    """Whoever reaches a port of this machine could write any name into a header."""
    listen = values.get("web.listen")
    if values.get("web.user_header") and isinstance(listen, str) and listen[:5] != "unix:":
        yield Breach(
            ("web.user_header", "web.listen"),
            say("only where web.listen is a socket (unix:/PATH), which the proxy alone reaches"),
        )
    if values.get("web.socket_group") and isinstance(listen, str) and listen[:5] != "unix:":
        yield Breach(
            ("web.socket_group", "web.listen"),
            say("only where web.listen is a socket (unix:/PATH): a port has no group"),
        )


_CARRY: Final = "backup.archives.carry"
# What else each carrier is told, and whether it does without.
_TOLD: Final[Mapping[Carrier, tuple[str, bool]]] = MappingProxyType(
    {Carrier.RCLONE: ("config", False), Carrier.RESTIC: ("password_file", True)}
)


def _carriers_have_what_they_take(values: Mapping[str, object]) -> Iterator[Breach]:
    """Each program is told where to, and by what it gets in; and nothing of the other's."""
    by = values.get(f"{_CARRY}.by")
    if isinstance(by, Carrier) and not values.get(f"{_CARRY}.to", True):
        words = say("missing: {program} is to carry archives somewhere", program=str(by))
        yield Breach((f"{_CARRY}.to", f"{_CARRY}.by"), words)
    if by is None and f"{_CARRY}.by" in values and values.get(f"{_CARRY}.to"):
        yield Breach(
            (f"{_CARRY}.by", f"{_CARRY}.to"),
            say("missing: expected one of {choices}", choices=", ".join(Carrier)),
        )
    for carrier, (name, needed) in _TOLD.items():
        key = f"{_CARRY}.{name}"
        if by == carrier and needed and not values.get(key, True):
            yield Breach((key, f"{_CARRY}.by"), say("missing: a repository has a password"))
        elif by != carrier and values.get(key):
            yield Breach((key,), say("only together with {other}", other=str(carrier)))
