"""
Files a child was handed, as memory: read where they lie, without a copy of their bytes.

By mmap(2) itself, because Python's own opens each file a second time, which a fenced child may
not. Who shortens a file meanwhile ends the child that reads it (SIGBUS), and nothing else.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAILED: Final = ctypes.c_void_p(-1).value

_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int),
    *(ctypes.c_int, ctypes.c_int, ctypes.c_long),
)
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)


@contextmanager
def reading(descriptor: int, size: int) -> Iterator[int]:
    """Give the address of a file's first ``size`` bytes, which are more than none."""
    with _mapped(descriptor, size, mmap.PROT_READ, mmap.MAP_PRIVATE) as address:
        yield address


@contextmanager
def drawing(descriptor: int, size: int) -> Iterator[int]:
    """Give the address of a file's bytes, to be written; it has that size already."""
    with _mapped(descriptor, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED) as address:
        yield address


@contextmanager
def _mapped(descriptor: int, size: int, protection: int, flags: int) -> Iterator[int]:
    address = _libc.mmap(None, size, protection, flags, descriptor, 0)
    if address in (None, _FAILED):
        number = ctypes.get_errno()
        raise MemoryError(os.strerror(number))
    try:
        yield address
    finally:
        _libc.munmap(address, size)
