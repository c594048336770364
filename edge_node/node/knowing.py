"""The directory of agencies: what asks and what keeps it, joined with their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_node.flows.receivers import Receivers
    from edge_node.flows.synchronise import Synchronise
    from edge_node.node.parts import Parts


def synchronise(parts: Parts) -> Synchronise:
    """Return what reads the lists of the axis."""
    from edge_node.flows.synchronise import Synchronise  # noqa: PLC0415 - only for work

    section = parts.config.directory
    return Synchronise(
        keeping=parts.directory.update,
        axis=parts.axis(),
        lists=tuple(dict.fromkeys(section.lists)),
        levels=section.levels,
        every=section.every,
        stale_after=section.stale_after,
    )


def receivers(parts: Parts) -> Receivers:
    """Return what judges receivers before a document leaves."""
    from edge_node.flows.receivers import Receivers  # noqa: PLC0415 - only for work

    section = parts.config.directory
    return Receivers(
        agencies=parts.directory,
        ours=parts.codes,
        unknown=section.unknown,
        merged=section.merged,
        stale_after=section.stale_after,
        expected=bool(section.lists),
    )


def same_agency(parts: Parts) -> Callable[[str], frozenset[str]]:
    """Return what tells the codes of one agency."""
    from edge_node.flows.receivers import known_to_be  # noqa: PLC0415 - only for work

    return known_to_be(parts.directory)
