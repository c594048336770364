"""The picture of a seal, in its real size, with the ground showing through."""

from __future__ import annotations

import functools
import io
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from edge_node.domain.message import say
from edge_node.notary.fences import FOREIGN
from edge_node.notary.pdf.looks import PictureUnfit
from edge_node.notary.pdf.sheets import POINTS

if TYPE_CHECKING:
    from pyhanko.pdf_utils.content import PdfResources
    from pyhanko.pdf_utils.writer import BasePdfFileWriter

    from edge_node.domain.message import Message

PNG: Final = b"\x89PNG\r\n\x1a\n"
LARGEST: Final = 16_000_000  # pixels of what is handed over
AWRY: Final = 0.05  # by how much a seal may be stretched before anybody sees it
FINEST: Final = 600 / 72  # pixels to a point; printers do no better, and every document has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A picture and its size in points."""

    width: float
    height: float
    pixels: tuple[int, int]
    colours: bytes = field(repr=False)  # red, green and blue of every pixel, deflated
    cover: bytes = field(repr=False)  # how opaque each is, deflated

    @staticmethod
    @functools.lru_cache(maxsize=1)  # the next document has the same seal
    def of(picture: bytes, width: float, height: float) -> Seal:
        """Read a PNG that is so many millimetres wide and high; `PictureUnfit`."""
        if width <= 0 or height <= 0:
            raise _unfit(say("the size of the seal is not told"))
        across, up = width * POINTS, height * POINTS
        image = _opened(picture)
        if not 1 - AWRY < image.width / image.height * height / width < 1 + AWRY:
            raise PictureUnfit(
                say("the image of the seal is not as wide and high as its size says"),
                hint=say("cut the image to the edge of the seal, and tell its real size"),
            )
        finest = round(across * FINEST), round(up * FINEST)
        if image.width > finest[0] and image.height > finest[1]:
            image = image.resize(finest, Image.Resampling.LANCZOS)
        *_, cover = image.split()
        return Seal(
            width=across,
            height=up,
            pixels=image.size,
            colours=zlib.compress(image.convert("RGB").tobytes()),
            cover=zlib.compress(cover.tobytes()),
        )

    def draw(self, writer: BasePdfFileWriter, resources: PdfResources) -> bytes:
        """Embed the picture, and return the operators that show it."""
        image = self._pixels(self.colours, "/DeviceRGB")
        image["/SMask"] = writer.add_object(self._pixels(self.cover, "/DeviceGray"))
        resources.xobject["/Seal"] = writer.add_object(image)
        return b"q %.3f 0 0 %.3f 0 0 cm /Seal Do Q" % (self.width, self.height)

    def _pixels(self, deflated: bytes, colours: str) -> generic.StreamObject:
        width, height = self.pixels
        entries = {
            "/Type": pdf_name("/XObject"),
            "/Subtype": pdf_name("/Image"),
            "/Width": generic.NumberObject(width),
            "/Height": generic.NumberObject(height),
            "/ColorSpace": pdf_name(colours),
            "/BitsPerComponent": generic.NumberObject(8),
            "/Filter": pdf_name("/FlateDecode"),
        }
        return generic.StreamObject(
            {pdf_name(key): value for key, value in entries.items()}, encoded_data=deflated
        )


def _opened(picture: bytes) -> Image.Image:
    """Return the picture with red, green, blue and how opaque; `PictureUnfit`."""
    if not picture.startswith(PNG):
        raise _unfit(say("the image of the seal is no PNG"))
    try:
        with PngImageFile(io.BytesIO(picture)) as image:
            if image.width * image.height > LARGEST:
                raise _unfit(say("the image of the seal has more than 16 million pixels"))
            seen = image.convert("RGBA")
    except PictureUnfit:
        raise
    except MemoryError:
        raise
    except FOREIGN as error:
        raise _unfit(say("the image of the seal cannot be read")) from error
    if seen.getchannel("A").getextrema()[0]:  # nothing of it lets everything through
        raise _unfit(say("the ground of the seal's image is not transparent"))
    return seen


def _unfit(why: Message) -> PictureUnfit:
    return PictureUnfit(why, hint=say("name a PNG file with a transparent ground"))
