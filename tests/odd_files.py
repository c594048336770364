"""
A folder of odd files: every kind that was met, read about or thought of, each with what is odd.

    python tests/odd_files.py FOLDER        writes them all, and prints what is odd about each

Made anew every time, by hand or by the builders beside this; nothing is downloaded.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import odd_offices
import odd_pdf_forms
import odd_pdf_frames
import odd_pdf_objects
import odd_pdf_signed
import odd_strangers
import odd_zips
from odd_world import World

ODD = (
    *odd_strangers.FILES,
    *odd_pdf_frames.FILES,
    *odd_pdf_objects.FILES,
    *odd_pdf_forms.FILES,
    *odd_pdf_signed.FILES,
    *odd_zips.FILES,
    *odd_offices.FILES,
)


def main(folder):
    """Write them all."""
    from pki import Pki

    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pki = Pki(Path(scratch))
        try:
            world = World(pki, scratch)
            for odd in ODD:
                path = odd.write(world, folder)
                sys.stdout.write(f"{path.stat().st_size:>11}  {odd.name!r}: {odd.what}\n")
        finally:
            pki.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
