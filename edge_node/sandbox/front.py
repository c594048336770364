"""
What stands before the application: the `Date` of every answer, the control call, the faults.

The date is the axis's own, not the machine's, because a client may compare it with its clock.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from edge_node.sandbox.app import application, largest_body
from edge_node.sandbox.faults import PASSING
from edge_node.sandbox.faults_control import CONTROL_PATH, Control, control_token
from edge_node.sandbox.faults_wire import FaultyWire

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from edge_node.sandbox.axis import Axis
    from edge_node.sandbox.faults import Faults


class Front:
    """The sandbox as it is served, an ASGI application; the axis stays the caller's to close."""

    def __init__(self, axis: Axis, faults: Faults) -> None:
        """Stand before the calls of the axis."""
        self._axis = axis
        self._calls = FaultyWire(application(axis), faults, largest=largest_body(axis))
        self._control = Control(faults, control_token(axis.settings.folder))

    def end(self) -> None:
        """Hang up on whoever waits for a fault to pass; the server is about to end."""
        self._calls.end()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, the control call or what is neither."""
        PASSING.set(None)  # a call on the heels of another inherits that one's

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"date", self._date())]
            await send(message)

        inner = self._control if scope["path"] == CONTROL_PATH else self._calls
        await inner(scope, receive, dated)

    def _date(self) -> bytes:
        passing = PASSING.get()
        moment = self._axis.settings.options.now() + (passing.skew if passing else timedelta(0))
        return format_datetime(moment.astimezone(UTC), usegmt=True).encode()
