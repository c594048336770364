"""How long payloads are kept: the flow that removes them, joined with the parts it works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_node.adapters.database import QueueFile
    from edge_node.flows.retain import Retain
    from edge_node.node.parts import Parts


def retain(
    parts: Parts,
    *,
    reading: QueueFile | None = None,
    ending: Callable[[], bool] = lambda: False,
) -> Retain:
    """
    Return what removes payloads; with a file opened to be ``reading``, only what foresees.

    A turn goes no further once ``ending`` says so.
    """
    from edge_node.adapters.lock import alone_with  # noqa: PLC0415 - only where it is used
    from edge_node.adapters.pauses import Pauses  # noqa: PLC0415
    from edge_node.adapters.payloads import Payloads  # noqa: PLC0415
    from edge_node.adapters.retention import Retention  # noqa: PLC0415
    from edge_node.adapters.watching import CLOCK  # noqa: PLC0415
    from edge_node.adapters.waybills import Waybills  # noqa: PLC0415
    from edge_node.flows.retain import Retain  # noqa: PLC0415

    waybills = Waybills() if reading else parts.waybills
    return Retain(
        rows=Retention(reading or parts.queue.file, waybills),
        files=Payloads(parts.spool, parts.inbox()),
        periods=parts.config.retention.periods,
        paused=lambda: parts.sends.held() is not None or parts.queue.learning.due,
        clock_is_off=lambda: any(each.what == CLOCK for each in Pauses(parts.queue.file).all()),
        ending=ending,
        alone=lambda: alone_with(parts.config.folders.data / "retention"),
    )
