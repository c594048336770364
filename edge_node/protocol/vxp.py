"""
The VXP dialect of the axis: its calls as values, and the signature every one of them carries.

A call is a method under the configured address and its parameters; each parameter travels as a
header `XroadVnpt-<name>`, and the whole row of them, as compact JSON, is signed with HMAC-SHA256
under the agency's secret. That is what the vendor's Java client (2.0.0 and 2.0.1) puts on the
wire. What comes back is `edge_node.protocol.vxp_replies`' affair, the network the adapter's.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import Permanent
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from edge_node.domain.document import AgencyCode
    from edge_node.domain.envelope import AxisId

Params = tuple[tuple[str, str], ...]
SignedParams = MappingProxyType[str, str]

PREFIX: Final = "XroadVnpt-"
SERVICE: Final = "eDoc"
JSON: Final = "application/json"
OCTETS: Final = "application/octet-stream"
# The vendor's client closes the file it sends with a line end that Content-Length counts and
# `hash-file` does not cover; a server takes one off again.
FILE_END: Final = b"\r\n"

# Unsigned, and the same in every request of the vendor's client.
_VERSION: Final = ("XroadVnpt-version", "3.0.201608")
_AGENT: Final = ("User-Agent", "JAVASDKAgent/1.0.0 XRoad/VPCP")


class NotAscii(Permanent):
    """A parameter cannot travel as a header, where only printable ASCII arrives unharmed."""


class SignatureMismatch(Permanent):
    """A request does not carry the signature it should."""


class Method(StrEnum):
    """The calls of the axis, by the name that follows its address."""

    SEND = "sendEdoc"
    RECEIVED_LIST = "getReceivedEdocList"
    FETCH = "getEdoc"  # the package as base64 inside JSON
    DOWNLOAD = "downloadEdoc"  # the package itself; since the vendor's 2.0.1
    UPDATE_STATUS = "updateStatus"
    SENT_LIST = "getSentEdocList"
    COUNT_DOCUMENTS = "countReceiveEdoc"
    COUNT_STATUSES = "countReceiveStatus"
    AGENCIES = "getAgenciesList"
    AGENCIES_QD20 = "getAgenciesListQD20"
    UNITS = "getSynchronizeUnit"
    REGISTER_AGENCY = "registerAgency"
    DELETE_AGENCY = "deleteAgency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One request, not signed yet.

    ``params`` are signed between `systemid` and `timestamp`, ``late`` ones after `Content-Type`.
    ``body`` is None where a file follows, closed by `FILE_END`.
    """

    method: Method
    params: Params = ()
    late: Params = ()
    verb: Literal["GET", "POST"] = "POST"
    body: bytes | None = b""
    content_type: str = JSON


def send(
    message: MessageType,
    *,
    sender: AgencyCode,
    hash_file: str,
    receivers: Sequence[AgencyCode] = (),
) -> Call:
    """
    Offer a package; the axis reads the receivers from the package itself.

    ``receivers`` fill the header `to`, a JSON list few axes ask for; none, and it is left out.
    """
    to = (("to", _compact(list(receivers))),) if receivers else ()
    params = (*_kind(message), ("hash-file", hash_file), ("from", sender), *to)
    return Call(method=Method.SEND, params=params, body=None, content_type=OCTETS)


def received_list(
    message: MessageType, *, since: datetime | None = None, until: datetime | None = None
) -> Call:
    """Ask what waits for us, all of it or what came between two moments."""
    bounds = (("fromDate", since), ("toDate", until))
    dates = tuple((name, _date(moment)) for name, moment in bounds if moment is not None)
    return Call(method=Method.RECEIVED_LIST, params=(*_kind(message), *dates))


def fetch(axis_id: AxisId, method: Method) -> Call:
    """Ask for one package: by `DOWNLOAD` as it is, by `FETCH` as base64 inside JSON."""
    params = (("docId", axis_id),)
    if method is Method.DOWNLOAD:
        return Call(method=Method.DOWNLOAD, params=params, verb="GET")
    return Call(method=Method.FETCH, params=params, body=b"{}")


def update_status(axis_id: AxisId, status: str, description: str = "") -> Call:
    """
    Tell the axis `processing`, `done` or `fail`; only after `done` it stops listing a delivery.

    The description (the vendor's C# client sends one) goes along only if it is plain ASCII.
    """
    note = (("description", description),) if description and _is_plain(description) else ()
    return Call(
        method=Method.UPDATE_STATUS,
        params=(("docId", axis_id),),
        late=(("status", status), *note),
        body=b"{}",
    )


def sent_list(message: MessageType, axis_id: AxisId | None = None) -> Call:
    """Ask what became of what we sent, of everything or of one package."""
    of_one = (("docId", axis_id),) if axis_id else ()
    return Call(method=Method.SENT_LIST, params=(*_kind(message), *of_one))


def count(message: MessageType) -> Call:
    """Ask how many items of a kind wait for us."""
    documents = message is MessageType.DOCUMENT
    method = Method.COUNT_DOCUMENTS if documents else Method.COUNT_STATUSES
    # The vendor's client says `edoc` in both: the method alone tells the two apart.
    return Call(method=method, params=_kind(MessageType.DOCUMENT), body=b"{}")


def agencies() -> Call:
    """Ask for the directory under the older codes (QCVN 102:2016)."""
    return Call(method=Method.AGENCIES)


def agencies_qd20(level: int) -> Call:
    """Ask for one level of the directory under the newer codes (QD 20/2020)."""
    return Call(method=Method.AGENCIES_QD20, params=(("level", str(level)),))


def units() -> Call:
    """Ask for the units of the directory with what changed of them."""
    return Call(method=Method.UNITS)


def register_agency(
    *,
    code: str,
    name: str,
    parent: str,
    id: str = "",  # noqa: A002 - the axis's own word
    mail: str = "",
    mobile: str = "",
    fax: str = "",
) -> Call:
    """Enter an agency in the directory."""
    fields = {"id": id, "pcode": parent, "code": code, "name": name}
    fields |= {"mail": mail, "mobile": mobile, "fax": fax}
    return Call(method=Method.REGISTER_AGENCY, body=_compact(fields).encode())


def delete_agency(code: str) -> Call:
    """Take an agency out of the directory."""
    return Call(method=Method.DELETE_AGENCY, params=(("AgencyCode", code),), body=b"{}")


def hash_file(digest: bytes, style: str) -> str:
    """
    Return `hash-file` for the SHA-256 of a file (32 bytes, of the file without `FILE_END`).

    The vendor's Java client prints each byte without its leading zero ("sdk"), so its value is
    often shorter than 64 digits; "padded" is the usual form.
    """
    return digest.hex() if style == "padded" else "".join(f"{byte:x}" for byte in digest)


def timestamp(moment: datetime) -> str:
    """
    Return the moment as `21112026T192100+0640`, on Vietnamese clocks.

    What follows the plus sign are milliseconds: the vendor's pattern says `SSSS` where it looks
    as if it meant a zone.
    """
    local = in_vietnam(moment)
    return f"{local:%d%m%Y}T{local:%H%M%S}+{local.microsecond // 1000:04d}"


def signed_headers(
    call: Call, *, system_id: str, secret: bytes, moment: datetime
) -> list[tuple[str, str]]:
    """Return the headers of a call, signed; NotAscii when a value cannot travel in one."""
    params = (
        ("systemid", system_id),
        *call.params,
        ("timestamp", timestamp(moment)),
        ("Content-Type", call.content_type),
        *call.late,
    )
    for name, value in params:
        _check_plain(name, value)
    signed = _compact({PREFIX + name: value for name, value in params})
    return [
        ("Content-Type", call.content_type),
        *((PREFIX + name, value) for name, value in params),
        (PREFIX + "sign-header-key", ";".join(name for name, _ in params)),
        (PREFIX + "sign-header", signed),
        (PREFIX + "hash-header", _mac(signed.encode("ascii"), secret)),
        _VERSION,
        _AGENT,
    ]


def check_signature(headers: Mapping[str, str], secret: bytes) -> SignedParams:
    """
    Return the parameters a request is signed for, by name; SignatureMismatch says what is wrong.

    The server's half. ``headers`` have lower-case names. The signature is checked over the bytes
    of `sign-header` as they came, then every signed value against the header of its name.
    """
    names = _header(headers, "sign-header-key").split(";")
    signed = _header(headers, "sign-header")
    mac = _header(headers, "hash-header")
    if not hmac.compare_digest(_mac(_octets(signed), secret).encode(), _octets(mac)):
        raise SignatureMismatch(
            say("the signature of the request does not match its sign-header"),
            hint=say("compare the secret, and that sign-header is sent as it was signed"),
        )
    params = _signed_object(signed)
    if list(params) != [PREFIX + name for name in names]:
        raise SignatureMismatch(say("sign-header-key does not name what sign-header holds"))
    for name in ("systemid", "timestamp", "Content-Type"):
        if PREFIX + name not in params:
            raise SignatureMismatch(say("{name} is not signed", name=name))
    for name, value in params.items():
        if _header(headers, name.removeprefix(PREFIX)) != value:
            raise SignatureMismatch(say("the header {name} is not what was signed", name=name))
    return MappingProxyType({name.removeprefix(PREFIX): value for name, value in params.items()})


def _kind(message: MessageType) -> Params:
    return (("servicetype", SERVICE), ("messagetype", str(message)))


def _date(moment: datetime) -> str:
    return f"{in_vietnam(moment):%d/%m/%Y %H:%M:%S}"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _mac(signed: bytes, secret: bytes) -> str:
    return hmac.new(secret, signed, "sha256").hexdigest()


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _check_plain(name: str, value: str) -> None:
    if not _is_plain(value):
        raise NotAscii(
            say("{name} cannot be sent to the axis: {value!r}", name=name, value=value[:60]),
            hint=say("only letters without marks, digits and signs arrive unharmed"),
        )


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get((PREFIX + name).lower())
    if found is None:
        raise SignatureMismatch(say("the header {name} is missing", name=PREFIX + name))
    return found


def _octets(value: str) -> bytes:
    """Return a header value as the bytes that came; servers hand them out as Latin-1."""
    return value.encode("latin-1", errors="replace")


def _signed_object(signed: str) -> dict[str, str]:
    try:
        pairs = json.loads(signed, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise SignatureMismatch(say("sign-header is not JSON")) from error
    plain = isinstance(pairs, list) and all(
        isinstance(pair, tuple) and isinstance(pair[1], str) for pair in pairs
    )
    if not plain or len(dict(pairs)) != len(pairs):
        raise SignatureMismatch(say("sign-header is not a flat JSON object of strings"))
    return dict(pairs)
