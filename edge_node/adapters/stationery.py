"""
What the agency's signature is drawn with: the image of its seal, and a font.

Read anew for each signature, so that what is replaced on disk counts from then on; both are small
beside a document. Whether they can be drawn with, the child says that draws.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.domain.signing import LookKind
from edge_node.notary.pdf.looks import LARGEST_FONT, LARGEST_SEAL, PictureUnfit, Sight

if TYPE_CHECKING:
    from edge_node.config import LookSection
    from edge_node.domain.looks import Showing

# Where fonts of the Times kind lie on Debian and Red Hat, the one the decree names first; those
# of Liberation have the same measures.
FONTS: Final = tuple(
    Path("/usr/share/fonts", one)
    for one in (
        "truetype/msttcorefonts/Times_New_Roman.ttf",
        "msttcore/times.ttf",
        "truetype/liberation2/LiberationSerif-Regular.ttf",
        "truetype/liberation/LiberationSerif-Regular.ttf",
        "liberation-serif-fonts/LiberationSerif-Regular.ttf",
        "liberation-serif/LiberationSerif-Regular.ttf",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stationery:
    """The files that are configured."""

    seal: Path | None = None
    width: float = 0.0  # millimetres: the seal's real size
    height: float = 0.0
    font: Path | None = None  # None for the first of `FONTS` that is there

    @classmethod
    def of(cls, section: LookSection) -> Stationery:
        """Take what the configuration names."""
        return cls(
            seal=section.seal, width=section.width, height=section.height, font=section.font
        )

    def sight(self, showing: Showing | None) -> Sight | None:
        """
        Return how a signature is to show with what that is drawn with; None for not at all.

        Raises `PictureUnfit` where something is lacking or cannot be read.
        """
        if showing is None or showing.kind is LookKind.NONE:
            return None
        if showing.kind is LookKind.TEXT:
            return Sight(showing=showing, font=_content(self._font(), LARGEST_FONT))
        if self.seal is None:
            raise PictureUnfit(
                say("no image of the seal is configured"),
                hint=say("name a PNG file and its real size: signing.look.seal, width, height"),
            )
        return Sight(
            showing=showing,
            seal=_content(self.seal, LARGEST_SEAL),
            width=self.width,
            height=self.height,
        )

    def _font(self) -> Path:
        found = self.font or next((one for one in FONTS if one.exists()), None)
        if found is None:
            raise PictureUnfit(
                say("there is no font for the text of signatures"),
                hint=say("install fonts-liberation2, or name a TrueType font: signing.look.font"),
            )
        return found


def _content(path: Path, most: int) -> bytes:
    """Return all of a file; `PictureUnfit` where it cannot be read or is too large."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unfit(path, say("it is no file"))
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise _unfit(path, error.strerror or type(error).__name__) from error
    if len(content) > most:
        raise _unfit(path, say("it is larger than {megabytes} MB", megabytes=most >> 20))
    return content


def _unfit(path: Path, reason: object) -> PictureUnfit:
    return PictureUnfit(
        say("{path} cannot be used for signatures: {reason}", path=str(path), reason=reason),
        hint=say("check the path, and that the service's own user may read it"),
    )
