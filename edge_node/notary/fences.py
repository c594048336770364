"""
What the large libraries raise for damaged input, and how quiet they are kept.

Seen beside their own errors: KeyError, ValueError, AssertionError, AttributeError, TypeError,
IndexError, UnicodeDecodeError, NotImplementedError, RecursionError, OverflowError, zlib.error,
OSError. Listing more would only leave the next one out.

MemoryError is none of them: it tells of this process and not of the file, so before each
`except FOREIGN` stands one that lets it through, and the child ends (`edge_node.notary.child`).
"""

from __future__ import annotations

import logging
from typing import Final

FOREIGN: Final = (Exception,)
LOUD: Final = ("pyhanko", "pyhanko_certvalidator", "fontTools")
_SILENT: Final = logging.CRITICAL + 1


def hush() -> None:
    """Keep the libraries from writing about strangers' files, with tracebacks, on their own."""
    for name in LOUD:
        logger = logging.getLogger(name)
        if logger.level != _SILENT:  # setting it has every logger's memory cleared
            logger.setLevel(_SILENT)
