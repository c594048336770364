"""
A lane's line to the axis, and what all lines to one axis share: the knowledge that it is down.

While the axis is down no call touches the network; each raises `AxisDown`, an outage, so that
claims are given back and nobody's attempt is spent. When the next probe is due, the one caller
that comes first asks a harmless question; if it is answered, that call and all others go on.
"""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge_node.domain.breaker import AxisDown, NoConnection, sign_of
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from edge_node.adapters.axis import VxpAxis
    from edge_node.adapters.package_stream import Sink
    from edge_node.domain.breaker import Circuit
    from edge_node.domain.directory import AgencyList
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.envelope import Agency, AxisId, Listed, MessageType, Sent, Stored


class Upstream:
    """
    One axis, as all lines to it know it; from whatever thread.

    ``changed`` is called when the axis is found down, when a probe finds it down still, and when
    it answers again; `down` tells which.
    """

    def __init__(
        self,
        circuit: Circuit,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = random.random,
    ) -> None:
        """Begin with a circuit; ``clock`` is the one on the wall, ``spread`` gives 0 to 1."""
        self.changed: Callable[[], None] = lambda: None
        self._circuit = circuit
        self._clock = clock
        self._monotonic = monotonic
        self._spread = spread
        self._lock = threading.Lock()
        self._since: datetime | None = None
        self._shown_by: EdgeNodeError | None = None

    def down(self) -> AxisDown | None:
        """Return the outage there is; None while calls may go."""
        with self._lock:
            return self._down(self._monotonic())

    @property
    def circuit(self) -> Circuit:
        """How the circuit stands at this moment."""
        with self._lock:
            return self._circuit

    @contextmanager
    def calling(self, probe: Callable[[], object]) -> Iterator[None]:
        """
        Let the block call the axis; AxisDown where it is down.

        Where a probe is due this caller makes it first. A block that gets no connection raises
        AxisDown in its place: the axis is down from then on.
        """
        if self._has_to_probe():
            self._find_out(probe)
        try:
            yield
        except BaseException as error:
            down = self._learn(error)
            if down is not None and isinstance(error, NoConnection):
                raise down from error
            raise
        else:
            self._learn(None)

    def _has_to_probe(self) -> bool:
        """Tell whether it falls to this caller to probe; AxisDown where it can only wait."""
        with self._lock:
            at = self._monotonic()
            down = self._down(at)
            if down is None:
                return False
            if not self._circuit.may_probe(at):
                raise down
            self._circuit = self._circuit.probed()
            return True

    def _find_out(self, probe: Callable[[], object]) -> None:
        """Probe; AxisDown if the axis is down still. A no to the probe is as good as a yes."""
        try:
            probe()
        except EdgeNodeError as error:
            down = self._learn(error, probe=True)
            if down is not None:
                raise down from error
        except BaseException as error:
            self._learn(error, probe=True)
            raise
        else:
            self._learn(None, probe=True)

    def _learn(self, error: BaseException | None, *, probe: bool = False) -> AxisDown | None:
        """Enter what the end of a call shows; return the outage there is by now."""
        with self._lock:
            before, at = self._circuit, self._monotonic()
            after = before.after(sign_of(error), at, spread=self._spread(), probe=probe)
            self._circuit = after
            if after.is_open and after is not before:
                self._since = self._since or self._clock()
                if isinstance(error, EdgeNodeError):
                    self._shown_by = error
            if not after.is_open:
                self._since = None
            down = self._down(at)
        if after is not before and (before.is_open or after.is_open):
            self.changed()
        return down

    def _down(self, at: float) -> AxisDown | None:
        shown_by = self._shown_by
        if not self._circuit.is_open or self._since is None or shown_by is None:
            return None
        remaining = self._circuit.remaining(at)
        return AxisDown(
            shown_by.message, since=self._since, remaining=remaining, hint=shown_by.hint
        )


class Line:
    """What the flows of one lane call; each call asks first whether the axis is down."""

    def __init__(self, axis: VxpAxis, upstream: Upstream) -> None:
        """Speak through ``axis``, the lane's own, and share what is known of the upstream."""
        self._axis = axis
        self._upstream = upstream

    def send(
        self,
        package: BinaryIO,
        stored: Stored,
        *,
        message: MessageType,
        sender: AgencyCode,
        receivers: Sequence[AgencyCode] = (),
    ) -> AxisId:
        """Send a package and return the id the axis took it under."""
        with self._upstream.calling(self._probe):
            return self._axis.send(
                package, stored, message=message, sender=sender, receivers=receivers
            )

    def list_received(
        self, message: MessageType, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Listed]:
        """Return what waits for us."""
        with self._upstream.calling(self._probe):
            return self._axis.list_received(message, since=since, until=until)

    def fetch(self, axis_id: AxisId, sink: Sink) -> None:
        """Write one package to the sink."""
        with self._upstream.calling(self._probe):
            self._axis.fetch(axis_id, sink)

    def acknowledge(self, axis_id: AxisId, status: str) -> None:
        """Tell the axis what became of a delivery."""
        with self._upstream.calling(self._probe):
            self._axis.acknowledge(axis_id, status)

    def list_sent(self, message: MessageType, axis_id: AxisId | None = None) -> list[Sent]:
        """Return what became of what we sent."""
        with self._upstream.calling(self._probe):
            return self._axis.list_sent(message, axis_id)

    def list_agencies(
        self, which: AgencyList, take: Callable[[Agency], object], *, level: int = 1
    ) -> None:
        """Hand on each unit of a list of the axis."""
        with self._upstream.calling(self._probe):
            self._axis.list_agencies(which, take, level=level)

    def _probe(self) -> None:
        self._axis.probe()
