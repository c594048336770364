"""The lists of sound and of forged files in docs/signatures.md are those of the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DRAWING = Path(__file__).parents[1] / "signature_lists.py"


def test_the_lists_say_what_the_tests_do():
    """`python tests/signature_lists.py` draws sentences and counts of the marked tests anew."""
    drawn = subprocess.run(
        [sys.executable, DRAWING, "--check"], capture_output=True, text=True, check=False
    )

    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
