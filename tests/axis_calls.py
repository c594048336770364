"""An axis client for tests, and the calls they make of it."""

from __future__ import annotations

import io
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from captures import SECRET, SYSTEM

from edge_node.adapters.axis import VxpAxis
from edge_node.domain.document import AgencyCode
from edge_node.domain.envelope import AxisId, MessageType, Stored
from edge_node.domain.time import VIETNAM

if TYPE_CHECKING:
    from collections.abc import Callable

T0 = datetime(2026, 11, 21, 19, 21, 0, 640_000, tzinfo=VIETNAM)
FILE = "<edXML>tiêng việt</edXML>".encode()
DOCUMENT = MessageType.DOCUMENT
ME = AgencyCode(SYSTEM)
D1 = AxisId("d1")
OK = b'{"status":"OK","ErrorCode":"0","ErrorDesc":"","DocId":"a1"}'
MB = 1 << 20


def an_axis(url, **changes):
    kept = {
        "url": url,
        "system_id": SYSTEM,
        "secret": SECRET,
        "ca_file": None,
        "connect_timeout": timedelta(seconds=5),
        "total_timeout": timedelta(seconds=20),
        "hash_file_style": "sdk",
        "fetch": "downloadEdoc",
        "clock": lambda: T0,
    }
    return closing(VxpAxis(**(kept | changes)))


def stored(content):
    return Stored(digest=sha256(content).hexdigest(), size=len(content))


def send(axis, content=FILE, **changes):
    return axis.send(io.BytesIO(content), stored(content), message=DOCUMENT, sender=ME, **changes)


def fetched(axis):
    sink = io.BytesIO()
    axis.fetch(D1, sink)
    return sink.getvalue()


READS: dict[str, Callable[[VxpAxis], object]] = {
    "list": lambda axis: axis.list_received(DOCUMENT),
    "count": lambda axis: axis.count(DOCUMENT),
    "acknowledge": lambda axis: axis.acknowledge(D1, "done"),
    "fetch": fetched,
}
