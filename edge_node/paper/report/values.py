"""A report as JSON: every figure there is, for programs; how it is read stands in its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from edge_node.domain.time import iso

if TYPE_CHECKING:
    from edge_node.domain.durations import Took
    from edge_node.domain.figures import Direction, Figures, Kept

SCHEMA: Final = 1  # counted up where a value changes its place or its meaning

_PAPER: Final = {False: "electronic", True: "paper_follows", None: "unknown"}


def json_of(figures: Figures) -> bytes:
    """Return the figures as the bytes of a JSON file; durations are seconds."""
    return json.dumps(_values(figures), ensure_ascii=False, indent=1).encode() + b"\n"


def _values(figures: Figures) -> dict[str, Any]:
    sending, receiving = figures.sending, figures.receiving
    return {
        "schema": SCHEMA,
        "agency": figures.agency,
        "name": figures.agency_name,
        "period": str(figures.period),
        "from": figures.period.first.isoformat(),
        "to": figures.period.last.isoformat(),
        "as_of": iso(figures.as_of),
        "sent": {
            **_direction(figures.sent, figures),
            "units": sending.units,
            "dispatch": _kept(sending.dispatch) | {"handed_over_late": sending.handed_over_late},
            "not_sent": sending.not_sent,
            "recall_requests": sending.recalls,
        },
        "received": {
            **_direction(figures.received, figures),
            "arrived": receiving.arrived,
            "handed_over": receiving.handed_over,
            "returned": receiving.returned,
            "held": receiving.held,
            "repeated": receiving.repeated,
            "recalled": receiving.recalled,
            "waiting": receiving.waiting,
            "recall_requests": receiving.recalls,
            "notice_same_day": _kept(receiving.notice),
        },
        "partners": [
            {
                "code": each.code,
                "name": each.name,
                "sent": each.sent,
                "received": each.received,
                "refused_by_them": each.refused_by_them,
                "refused_by_us": each.refused_by_us,
            }
            for each in figures.partners
        ],
        "coverage": {
            "connected": figures.coverage.connected,
            "active": figures.coverage.active,
            "silent": [{"code": each.code, "name": each.name} for each in figures.coverage.silent],
        },
    }


def _direction(side: Direction, figures: Figures) -> dict[str, Any]:
    days = zip(figures.period.days(), side.days, strict=True)
    return {
        "total": side.total,
        "paper": {_PAPER[key]: count for key, count in side.paper.items()},
        "signatures": {str(key) or "unknown": count for key, count in side.signed.items()},
        "types": [{"type": name, "count": count} for name, count in side.types.items()],
        "urgency": [{"urgency": level, "count": count} for level, count in side.urgency.items()],
        "days": {day.isoformat(): count for day, count in days},
        "times": {str(status): _took(took) for status, took in side.times.items()},
        "due": _kept(side.due),
        "refusals": {"count": side.refusals.count, "reasons": dict(side.refusals.reasons)},
    }


def _kept(kept: Kept) -> dict[str, Any]:
    return {
        "on_time": kept.on_time,
        "late": kept.late,
        "open": kept.open,
        "unknown": kept.unknown,
        "share_on_time": round(kept.on_time / kept.due, 4) if kept.due else None,
    }


def _took(took: Took) -> dict[str, Any]:
    return {
        "count": took.count,
        "median_seconds": None if took.median is None else int(took.median.total_seconds()),
        "p95_seconds": None if took.p95 is None else int(took.p95.total_seconds()),
    }
