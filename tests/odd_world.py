"""What odd files are made of: one description each, and the sound files they are made from."""

from __future__ import annotations

import functools
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import office
import tampered_pdfs as forge
from signed_pdfs import a_pdf, sign

if TYPE_CHECKING:
    from collections.abc import Callable

SCATTERED = 4 << 20  # bytes from which a file of zeros is written with holes


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A file, what is odd about it, and what is to come of it."""

    name: str  # of the file; where it is bytes, what no encoding reads
    what: str
    make: Callable[[World], bytes] | None = None
    put: Callable[[World, Path], None] | None = None  # for one that is better never in memory
    valid: bool = False  # holds signatures that are sound and trusted
    signs: bool | None = False  # can be signed (once more); None where that is for policy to say

    def write(self, world, folder):
        """Write it into a folder; return its path."""
        path = Path(folder, self.name)
        if self.put is not None:
            self.put(world, path)
        else:
            path.write_bytes(self.make(world))
        return path


def peak(pid):
    """Return the most memory a child held until now, in bytes; 0 for one that is gone."""
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(re.search(r"VmHWM:\s+(\d+)", told)[1]) << 10


def odds(rows, **ends):
    """Return odd files by rows of `name: what is odd` and how it is made; ``ends`` is for all."""
    for told, make in rows.items():
        name, _, what = told.partition(": ")
        yield Odd(name=name, what=what, make=make, **ends)


class World:
    """The files that odd ones are made from, each made once."""

    def __init__(self, pki, folder):
        """``folder`` is for what other programs write on the way."""
        self.pki, self.folder = pki, Path(folder)

    @functools.cached_property
    def pdf(self):
        """A sound PDF that nobody signed."""
        return a_pdf()

    @functools.cached_property
    def signed(self):
        """A PDF that a person signed at B-B."""
        return sign(self.pdf, self.pki, "person")

    @functools.cached_property
    def kept(self):
        """A PDF that a person signed at B-LTA."""
        return sign(self.pdf, self.pki, "person", level="B-LTA")

    @functools.cached_property
    def docx(self):
        """A letter."""
        return office.a_docx()

    @functools.cached_property
    def signed_docx(self):
        """A letter that a person signed, with a time-stamp."""
        return office.signed(self.docx, self.pki.signer("person"), stamp=self.pki.stamp)

    def qpdf(self, pdf, *options):
        """Return what qpdf makes of a PDF."""
        source, target = self.folder / "in.pdf", self.folder / "out.pdf"
        source.write_bytes(pdf)
        subprocess.run(["qpdf", *options, source, target], check=True, capture_output=True)
        return target.read_bytes()

    def updated(self, change, pdf=None):
        """Return a PDF with one more revision by pyHanko's writer."""
        return forge.updated(self.pdf if pdf is None else pdf, change)
