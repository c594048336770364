"""
How the sandbox says no: a code and a sentence for every refusal.

The national axis's own table of codes is not public. These come from the list one province
publishes for its gateway, stretched to the calls of the VXP API; a client may rely on their being
told apart here, not on the national axis using the same.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from edge_node.domain.errors import Permanent

if TYPE_CHECKING:
    from edge_node.domain.message import Message


class Code(StrEnum):
    """What `ErrorCode` holds; "0" alone is success."""

    OK = "0"
    BAD_REQUEST = "10"  # a parameter is missing or wrong, or names nothing of the caller's
    DENIED = "15"  # unknown systemid, or a signature that does not fit
    UNKNOWN_RECEIVER = "18"  # no agency of the directory goes by that code
    WRONG_SENDER = "19"  # the sender named is not the one who calls
    SYSTEM_ERROR = "20"  # the sandbox's own trouble: disk, database
    BAD_FILE = "21"  # the bytes that arrived are not those that were announced
    BAD_PACKAGE = "22"  # not edXML, or edXML that lacks what must be there
    RECEIVER_LOCKED = "23"  # the receiver has been taken off the directory


class Refused(Permanent):
    """The sandbox answers FAIL with this code; the sentence becomes `ErrorDesc`."""

    def __init__(self, code: Code, message: Message) -> None:
        """Keep the code the caller is told beside the sentence."""
        super().__init__(message)
        self.code = code
