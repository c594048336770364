"""
The axis over httpx: calls of the VXP dialect go out, domain values come back.

What a request and an answer look like is `edge_node.protocol.vxp`'s affair; what became of a call
that httpx gave up, `edge_node.adapters.axis_errors`'; when to try again, the flows'.
"""

from __future__ import annotations

import ssl
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import httpx

from edge_node.adapters.axis_errors import axis_errors
from edge_node.adapters.clock_watch import ClockWatch
from edge_node.adapters.deadline import Deadline, DeadlineTransport
from edge_node.adapters.package_stream import outgoing_body, write_package
from edge_node.adapters.steps import Step, passing
from edge_node.domain.breaker import NoConnection
from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import AxisDenied
from edge_node.domain.message import say
from edge_node.protocol import vxp, vxp_replies
from edge_node.protocol.json_stream import StreamBroken
from edge_node.protocol.vxp_directory import AgencyRows, call_for
from edge_node.protocol.vxp_verdicts import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from edge_node.adapters.package_stream import Sink
    from edge_node.domain.directory import AgencyList
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.envelope import Agency, AxisId, Listed, Sent, Stored
    from edge_node.protocol.vxp_verdicts import Verdicts

_Told = TypeVar("_Told")

# Shorter than any server's own patience is likely to be: a connection the server closes just as
# we send on it would leave us unsure about a package that never arrived.
IDLE: Final = timedelta(seconds=4)
SMALL_ANSWER: Final = 1 << 20
LIST_ANSWER: Final = 256 << 20
_ERROR_HEAD: Final = 64 << 10

# The clocks of an axis and a node that is in order differ by less.
_TOLERANCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A request that offers a package; ``headers`` as they go over the wire, signature and all."""

    call: vxp.Call
    url: str
    headers: list[tuple[str, str]]


class VxpAxis:
    """
    One agency's line to the axis; for one thread, since its calls follow one another.

    Every call raises only our errors: AxisUnreachable, AxisDenied, AxisBusy, AxisUnclear,
    AxisRefused, and AxisSilent from `send` alone.
    """

    def __init__(  # noqa: PLR0913 - each is a key of the configuration, under its own name
        self,
        *,
        url: str,
        system_id: str,
        secret: bytes,
        ca_file: Path | None,
        connect_timeout: timedelta,
        total_timeout: timedelta,
        probe_timeout: timedelta | None = None,
        hash_file_style: str,
        fetch: str,
        clock: Callable[[], datetime],
        to_header: bool = False,
        verdicts: Verdicts = BUILT_IN,
        watch: ClockWatch | None = None,
    ) -> None:
        """
        Keep what every call needs; nothing is opened before the first one.

        ``total_timeout`` bounds a whole call, however slowly the other side drips, and
        ``probe_timeout`` that of `probe`, where it is to be another. ``ca_file`` (PEM), if there
        is one, holds the only authorities trusted. ``hash_file_style`` is "sdk" or "padded",
        ``fetch`` "downloadEdoc" or "getEdoc". ``verdicts`` say what a no means; ``watch`` hears
        the axis's clock.
        """
        self._url = url.rstrip("/")
        self._system_id = system_id
        self._secret = secret
        self._ca_file = ca_file
        self._connect_timeout = connect_timeout
        self._total_timeout = total_timeout
        self._probe_timeout = total_timeout if probe_timeout is None else probe_timeout
        self._hash_file_style = hash_file_style
        self._fetch_method = vxp.Method(fetch)
        self._clock = clock
        self._to_header = to_header
        self._verdicts = verdicts
        self._watch = watch or ClockWatch(_TOLERANCE)
        self._deadline = Deadline()
        self._line: DeadlineTransport | None = None

    def send(
        self,
        package: BinaryIO,
        stored: Stored,
        *,
        message: MessageType,
        sender: AgencyCode,
        receivers: Sequence[AgencyCode] = (),
    ) -> AxisId:
        """
        Send a package and return the id the axis took it under.

        The axis reads the receivers from the package; ``receivers`` only fill the header `to`.

        Raises AxisSilent when the axis may or may not have it, PackageUnreadable when the file is
        not as long as ``stored`` says (nothing the axis could take has left us then).
        """
        with self._denials():
            with passing(Step.SEND, message), axis_errors(sent=True):
                offer = self.offer(stored, message=message, sender=sender, receivers=receivers)
                body = outgoing_body(package, stored.size)
                with self._answer(offer.call, offer.headers, body) as response:
                    answer = _whole(response, SMALL_ANSWER)
            return vxp_replies.parse_sent(answer, self._verdicts)

    def offer(
        self,
        stored: Stored,
        *,
        message: MessageType,
        sender: AgencyCode,
        receivers: Sequence[AgencyCode] = (),
    ) -> Offer:
        """Return the request by which `send` would offer a package, signed as of now."""
        call = vxp.send(
            message,
            sender=sender,
            hash_file=vxp.hash_file(bytes.fromhex(stored.digest), self._hash_file_style),
            receivers=receivers if self._to_header else (),
        )
        length = stored.size + len(vxp.FILE_END)
        headers = [*self._signed(call), ("Content-Length", str(length))]
        return Offer(call=call, url=f"{self._url}/{call.method}", headers=headers)

    def list_received(
        self, message: MessageType, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Listed]:
        """Return what waits for us, all of it or what came between two moments."""
        call = vxp.received_list(message, since=since, until=until)
        return self._ask(
            call,
            lambda answer, verdicts: vxp_replies.parse_received_list(answer, message, verdicts),
            LIST_ANSWER,
        )

    def probe(self) -> None:
        """Ask something harmless that is soon answered: whoever probes has a call to make yet."""
        call = vxp.received_list(MessageType.STATUS)
        self._ask(
            call,
            lambda answer, verdicts: vxp_replies.parse_received_list(
                answer, MessageType.STATUS, verdicts
            ),
            LIST_ANSWER,
            within=self._probe_timeout,
        )

    def fetch(self, axis_id: AxisId, sink: Sink) -> None:
        """
        Write one package to the sink as it comes; how large it may be is the sink's to say.

        When this raises, what the sink has got is worth nothing; but with NoPackage it is all.
        """
        call = vxp.fetch(axis_id, self._fetch_method)
        with self._denials(), axis_errors(sent=False):
            headers = [*self._signed(call), ("Accept-Encoding", "identity")]
            with self._answer(call, headers, call.body) as response:
                write_package(
                    response.iter_bytes(),
                    sink,
                    may_be_raw=call.method is vxp.Method.DOWNLOAD,
                    length_known=_says_its_length(response),
                    verdicts=self._verdicts,
                )

    def acknowledge(self, axis_id: AxisId, status: str, description: str = "") -> None:
        """Tell the axis `processing`, `done` or `fail` of a delivery; may be repeated."""
        with passing(Step.ACKNOWLEDGE, axis_id):
            self._ask(vxp.update_status(axis_id, status, description), vxp_replies.parse_ack)

    def list_sent(self, message: MessageType, axis_id: AxisId | None = None) -> list[Sent]:
        """Return what became of what we sent, a row for each receiver."""
        call = vxp.sent_list(message, axis_id)
        return self._ask(call, vxp_replies.parse_sent_list, LIST_ANSWER)

    def count(self, message: MessageType) -> int:
        """Return how many items wait for us."""
        return self._ask(vxp.count(message), vxp_replies.parse_count)

    def list_agencies(
        self, which: AgencyList, take: Callable[[Agency], object], *, level: int = 1
    ) -> None:
        """
        Hand on each unit of a list as it arrives; of `QD20` one level of codes (H37 is of 1).

        What was handed on only counts once this returns.
        """
        call = call_for(which, level=level)
        with self._denials():
            rows = AgencyRows(self._verdicts)
            with axis_errors(sent=False):
                headers = [*self._signed(call), ("Accept-Encoding", "gzip, deflate")]
                with self._answer(call, headers, call.body) as response:
                    for piece in response.iter_bytes():
                        for agency in rows.feed(piece):
                            take(agency)
                rows.close()

    def register_agency(
        self,
        *,
        code: AgencyCode,
        name: str,
        parent: str,
        mail: str = "",
        mobile: str = "",
        fax: str = "",
    ) -> None:
        """Enter an agency in the directory."""
        call = vxp.register_agency(
            code=code, name=name, parent=parent, mail=mail, mobile=mobile, fax=fax
        )
        self._ask(call, vxp_replies.parse_ack)

    def delete_agency(self, code: AgencyCode) -> None:
        """Take an agency out of the directory."""
        self._ask(vxp.delete_agency(code), vxp_replies.parse_ack)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ask(
        self,
        call: vxp.Call,
        parse: Callable[[bytes, Verdicts], _Told],
        limit: int = SMALL_ANSWER,
        *,
        within: timedelta | None = None,
    ) -> _Told:
        """Make a call that reads, or may be repeated, and return what its answer says."""
        with self._denials():
            with axis_errors(sent=False):
                headers = [*self._signed(call), ("Accept-Encoding", "gzip, deflate")]
                with self._answer(call, headers, call.body, within=within) as response:
                    answer = _whole(response, limit)
            return parse(answer, self._verdicts)

    @contextmanager
    def _denials(self) -> Iterator[None]:
        """Say "clock" where it is the clock: the time is part of what is signed."""
        try:
            yield
        except AxisDenied as error:
            error.hint = self._watch.hint or error.hint
            raise

    def _signed(self, call: vxp.Call) -> list[tuple[str, str]]:
        return vxp.signed_headers(
            call, system_id=self._system_id, secret=self._secret, moment=self._clock()
        )

    @contextmanager
    def _answer(
        self,
        call: vxp.Call,
        headers: list[tuple[str, str]],
        content: bytes | Iterator[bytes] | None,
        *,
        within: timedelta | None = None,
    ) -> Iterator[httpx.Response]:
        """Send a request and give its positive answer, the body still to be read."""
        # Without httpx's Client: cookies, redirects and authentication are not wanted, and looking
        # for them takes as long as the call.
        request = httpx.Request(
            call.verb,
            f"{self._url}/{call.method}",
            headers=headers,
            content=content,
            extensions={"timeout": {"connect": self._connect_timeout.total_seconds()}},
        )
        line = self._open()
        self._deadline.give(self._total_timeout if within is None else within)
        with closing(line.handle_request(request)) as response:
            self._watch.heard(response.headers.get("date"), self._clock())
            if not response.is_success:
                sent = call.method is vxp.Method.SEND
                http, head = response.status_code, _head(response)
                raise vxp_replies.sort_answer(http, head, self._verdicts, sent=sent)
            yield response

    def _open(self) -> DeadlineTransport:
        if self._line is None:
            # Reading the machine's authorities takes longer than a call: only where needed.
            tls = tls_terms(self._ca_file) if self._url.lower().startswith("https:") else None
            self._line = DeadlineTransport(self._deadline, tls=tls, idle=IDLE)
        return self._line


def tls_terms(ca_file: Path | None) -> ssl.SSLContext:
    """Return the terms on which we believe the axis: always verified, TLS 1.2 at least."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise NoConnection(
            say("{file} cannot be read as certificates", file=str(ca_file)),
            hint=say("axis.ca_file names a PEM file with the authority of the axis"),
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _whole(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > limit:
            raise StreamBroken(f"the answer is longer than {limit} bytes")
    return bytes(body)


def _head(response: httpx.Response) -> bytes:
    """Return the beginning of an error's body, or what of it arrives."""
    head = b""
    with suppress(httpx.HTTPError):
        for piece in response.iter_bytes():
            head += piece
            if len(head) >= _ERROR_HEAD:
                break
    return head[:_ERROR_HEAD]


def _says_its_length(response: httpx.Response) -> bool:
    """Tell whether HTTP itself would notice an answer cut short (RFC 9112, 6.3)."""
    return "content-length" in response.headers or "transfer-encoding" in response.headers
