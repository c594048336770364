"""
The fonts every PDF of ours is set in, brought along: a machine without fonts prints the same.

Liberation Serif has every letter of Vietnamese and the widths of Times New Roman, which the
regulations ask documents to be set in. What is drawn with is embedded, the letters in use only.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REGULAR: Final = "LiberationSerif"
BOLD: Final = "LiberationSerif-Bold"
ITALIC: Final = "LiberationSerif-Italic"

_FOLDER: Final = Path(__file__).parent / "liberation"
# The files of the fonts by the names reportlab knows them by; matplotlib and others take files.
FILES: Final[Mapping[str, Path]] = MappingProxyType(
    {
        REGULAR: _FOLDER / "LiberationSerif-Regular.ttf",
        BOLD: _FOLDER / "LiberationSerif-Bold.ttf",
        ITALIC: _FOLDER / "LiberationSerif-Italic.ttf",
    }
)


def measure(name: str, size: float) -> Callable[[str], float]:
    """Return what tells how wide a text is in a font of that size, both in points."""
    from reportlab.pdfbase.pdfmetrics import getFont  # noqa: PLC0415 - as in `register`

    register()
    font = getFont(name)

    def width(text: str) -> float:
        return float(font.stringWidth(text, size))

    return width


@cache
def register() -> None:
    """
    Make the fonts known to reportlab, by the names above and as one family; once is enough.

    Text must be NFC: letters and their marks are drawn as they come, one beside the other.
    """
    from reportlab import rl_config  # noqa: PLC0415 - 50 ms, only for PDFs
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - likewise
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 - likewise

    rl_config.useA85 = False  # nobody sends a PDF through what takes seven bits any more
    for name, path in FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD
    )
