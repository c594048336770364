"""
The files of the exchange folder as bytes and as meaning; where they lie is not known here.

In: `document.json` of a drop (`read_order`, `peek`), files of `statuses/` (`read_status_order`).
Out: `document.json` and `verification.json` of the inbox, receipts, `status.json`, `error.json`
and `error.txt`. `schema` publishes their forms.
"""

from edge_node.protocol.handoff.acts import act_values, read_act, read_acts
from edge_node.protocol.handoff.attachments import Peek, peek
from edge_node.protocol.handoff.failure import (
    NobodyReached,
    error_code,
    error_json,
    error_papers,
    error_text,
    failure_of,
)
from edge_node.protocol.handoff.files import MAX_BYTES
from edge_node.protocol.handoff.inbound import InboundFile, write_inbound
from edge_node.protocol.handoff.order import OrderSettings, SecretRefused, read_order
from edge_node.protocol.handoff.receipts import (
    EventReceipt,
    NodeEvent,
    StatusReceipt,
    receipt,
    status_file,
)
from edge_node.protocol.handoff.schemas import SCHEMA_NAMES, schema
from edge_node.protocol.handoff.status import read_status_order, read_taken
from edge_node.protocol.handoff.verification import Inspected, write_verification

__all__ = [
    "MAX_BYTES",
    "SCHEMA_NAMES",
    "EventReceipt",
    "InboundFile",
    "Inspected",
    "NobodyReached",
    "NodeEvent",
    "OrderSettings",
    "Peek",
    "SecretRefused",
    "StatusReceipt",
    "act_values",
    "error_code",
    "error_json",
    "error_papers",
    "error_text",
    "failure_of",
    "peek",
    "read_act",
    "read_acts",
    "read_order",
    "read_status_order",
    "read_taken",
    "receipt",
    "schema",
    "status_file",
    "write_inbound",
    "write_verification",
]
