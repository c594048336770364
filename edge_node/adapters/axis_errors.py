"""
What became of a call that httpx gave up: its errors become ours here and nowhere else.

What matters most is told apart: nothing left us, or something did and no answer came, because only
the first may simply be sent again. What the axis answered is `edge_node.protocol.vxp_replies`'
affair.
"""

from __future__ import annotations

import errno
import re
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from edge_node.domain.breaker import NoConnection
from edge_node.domain.errors import DiskTrouble
from edge_node.domain.message import say
from edge_node.protocol import vxp_replies
from edge_node.protocol.json_stream import StreamBroken
from edge_node.protocol.vxp_verdicts import out_of_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.domain.breaker import AxisFailing, AxisMute
    from edge_node.domain.message import Message

# OpenSSL's verify codes (X509_V_ERR_…) people can do something particular about.
_NOT_YET_VALID, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64


@contextmanager
def axis_errors(*, sent: bool) -> Iterator[None]:
    """
    Turn httpx's errors into ours: the one place that knows both vocabularies.

    ``sent`` says that repeating the call is not harmless: once the request began, a missing
    answer is AxisSilent. Reading may be repeated, so there it is AxisBusy.
    """
    try:
        yield
    except (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.UnsupportedProtocol,
        httpx.InvalidURL,
        UnicodeError,  # a host name no resolver could ask for
    ) as error:
        raise _unreachable(error) from error
    except (httpx.HTTPError, StreamBroken) as error:
        raise _cut_off(error, sent=sent) from error
    except OSError as error:  # the network's own never come this far
        reason = error.strerror or type(error).__name__
        raise DiskTrouble(say("the package stops at our disk: {reason}", reason=reason)) from error


def _unreachable(error: Exception) -> NoConnection:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NoConnection(
                say(
                    "the certificate of the axis is not trusted: {reason}",
                    reason=cause.verify_message,
                ),
                hint=_certificate_hint(cause.verify_code),
            )
        if isinstance(cause, ssl.SSLError):
            return NoConnection(
                say("no TLS with the axis: {reason}", reason=cause.reason or str(cause)),
                hint=say("the axis must speak TLS 1.2 or newer where axis.url says https"),
            )
    return NoConnection(
        say("cannot reach the axis: {reason}", reason=_without_number(error)),
        hint=_way_there(error),
    )


def _without_number(error: Exception) -> str:
    return vxp_replies.excerpt(re.sub(r"^\[Errno -?\d+\] ", "", str(error)))


def _way_there(error: Exception) -> Message:
    """Return what a person can do about an address nobody answers at."""
    numbers = {cause.errno for cause in _causes(error) if isinstance(cause, OSError)}
    if errno.ECONNREFUSED in numbers:
        return say(
            "check axis.url: nobody listens at its host and port; if they are right, ask who runs"
            " the axis"
        )
    if isinstance(error, httpx.ConnectTimeout):
        return say(
            "check axis.url: nothing comes back from its host and port; if they are right, have"
            " whoever runs the firewall let this machine through to them"
        )
    return say("check axis.url, the network and the firewall")


def _certificate_hint(verify_code: int) -> Message:
    if verify_code in {_NOT_YET_VALID, _EXPIRED}:
        return say("check the clock of this machine, then ask who runs the axis to renew it")
    if verify_code in {_OTHER_NAME, _OTHER_ADDRESS}:
        return say("it was made for another name: check the host in axis.url")
    return say("name the file with the authority that issued it in axis.ca_file")


def _cut_off(error: Exception, *, sent: bool) -> AxisMute | AxisFailing:
    reason = vxp_replies.excerpt(str(error))
    hint = None
    if isinstance(error, httpx.TimeoutException):
        hint = say("if the line is slow and packages are large, raise axis.total_timeout")
    if sent:
        message = say("sent, but no answer from the axis: {reason}", reason=reason)
    else:
        message = say("no whole answer from the axis: {reason}", reason=reason)
    return out_of_order(message, sent=sent, hint=hint)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__  # httpcore's pool forgets the cause
