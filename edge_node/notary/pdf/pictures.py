"""
Tells how light the pictures of a page are, as far as scanners and office programs make them.

JPEG, JPEG 2000, CCITT fax and deflated samples, in grey, red-green-blue or a palette of those. Of
what is left (JBIG2, inks, colours of devices) nobody says how light it is.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageOps
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from pyhanko.pdf_utils import generic

from edge_node.notary.pdf.sealing import PNG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PIL.ImageFile import ImageFile

LARGEST: Final = 36_000_000  # pixels; a sheet of A4 in 600 dots to the inch has 34.8 million
PAPER: Final = 255
GREY, COLOURED, INDEXED = 0, 2, 3  # the kinds of pictures, by PNG's numbers
FROM_PNG: Final = 10  # the predictors that are PNG's own

# How samples lie in memory, by kind and bits.
RAW: Final = {
    (GREY, 1): ("1", "1"),
    (GREY, 2): ("L", "L;2"),
    (GREY, 4): ("L", "L;4"),
    (GREY, 8): ("L", "L"),
    (COLOURED, 8): ("RGB", "RGB"),
    (INDEXED, 1): ("P", "P;1"),
    (INDEXED, 2): ("P", "P;2"),
    (INDEXED, 4): ("P", "P;4"),
    (INDEXED, 8): ("P", "P"),
}


class Unknown(ValueError):
    """A picture is of a kind that is not read here."""


def lightness(picture: generic.StreamObject, cells: tuple[int, int]) -> Image.Image:
    """
    Return how light a picture is on white paper, in so many cells across and down (mode L).

    Each cell is the mean of its pixels, in the darkest of their colours. Raises `Unknown`, and
    what damaged ones raise.
    """
    light = _plain(picture, cells)
    cover = _cover(picture, cells)
    if cover is None:
        return light
    return Image.composite(light, Image.new("L", cells, PAPER), cover)


def pixels(picture: generic.StreamObject) -> int:
    """Return how many pixels a picture has, with those of its mask."""
    masks = [picture[key] for key in ("/SMask", "/Mask") if key in picture]
    held = [picture, *(one for one in masks if isinstance(one, generic.StreamObject))]
    return sum(across * down for across, down in map(_size, held))


def _cover(picture: generic.StreamObject, cells: tuple[int, int]) -> Image.Image | None:
    """Return how opaque a picture is, cell for cell; None where all of it is."""
    if "/SMask" in picture:
        return _plain(picture["/SMask"], cells)
    if "/Mask" not in picture:
        return None
    mask = picture["/Mask"]
    if isinstance(mask, generic.StreamObject):  # else it lists colours, which are taken as seen
        return ImageOps.invert(_plain(mask, cells))
    return None


def _plain(picture: generic.StreamObject, cells: tuple[int, int]) -> Image.Image:
    light = _darkest(_pixels(picture, cells), cells)
    return ImageOps.invert(light) if _turned_over(picture) else light


def _darkest(pixels: Image.Image, cells: tuple[int, int]) -> Image.Image:
    if pixels.mode == "1":
        pixels = pixels.convert("L")
    elif pixels.mode == "P":
        pixels = pixels.convert("RGB")
    elif pixels.mode not in {"L", "RGB"}:
        raise Unknown(pixels.mode)
    smaller = pixels.resize(cells, Image.Resampling.BOX)
    if smaller.mode == "L":
        return smaller
    red, green, blue = smaller.split()
    return ImageChops.darker(red, ImageChops.darker(green, blue))


def _pixels(picture: generic.StreamObject, cells: tuple[int, int]) -> Image.Image:
    """Return the picture, perhaps made smaller, though not smaller than ``cells``."""
    width, height = _size(picture)
    _demand_bounded(width, height)
    filters = [str(one) for one in _each(picture, "/Filter")]
    settings = _each(picture, "/DecodeParms")
    content = picture.encoded_data
    if filters[:1] == ["/FlateDecode"] and len(filters) > 1:  # some programs deflate any stream
        content, filters, settings = _inflated(content, LARGEST), filters[1:], settings[1:]
    if len(filters) > 1:
        raise Unknown("filters")
    kind = filters[0] if filters else ""
    if kind in _CODED:
        if "/ColorSpace" in picture and _colours(picture)[0] == INDEXED:
            raise Unknown("colours")
        image = _CODED[kind](content)
        _demand_bounded(image.width, image.height)
        _shrink(image, cells)
        image.load()
        return image
    setting = settings[0] if settings else generic.NullObject()
    given = setting if isinstance(setting, generic.DictionaryObject) else {}
    if kind == "/CCITTFaxDecode":
        return _fax(picture, content, given)
    if kind == "/FlateDecode":
        return _deflated(picture, content, given)
    if kind:
        raise Unknown(kind)
    return _samples(picture, content)


_CODED: Final[Mapping[str, Callable[[bytes], ImageFile]]] = {
    "/DCTDecode": lambda content: JpegImageFile(io.BytesIO(content)),
    "/JPXDecode": lambda content: Jpeg2KImageFile(io.BytesIO(content)),
}


def _shrink(image: ImageFile, cells: tuple[int, int]) -> None:
    """Have no more pixels read than are needed, where the way they are coded allows."""
    if isinstance(image, JpegImageFile):
        image.draft("RGB", cells)
    elif isinstance(image, Jpeg2KImageFile):
        halved = max((one for one in range(3) if _holds(image, one, cells)), default=0)
        image.reduce = halved  # such files without two levels to leave out are rare, and unknown


def _holds(image: ImageFile, halved: int, cells: tuple[int, int]) -> bool:
    return image.width >> halved >= cells[0] and image.height >> halved >= cells[1]


def _samples(picture: generic.StreamObject, content: bytes) -> Image.Image:
    """Read plain samples; each row begins with a whole byte."""
    kind, palette = _colours(picture)
    mode, raw = _raw(kind, _bits(picture))
    image = Image.frombytes(mode, _size(picture), content, "raw", raw)
    if palette:
        image.putpalette(palette)
    return image


def _deflated(
    picture: generic.StreamObject, content: bytes, given: Mapping[str, generic.PdfObject]
) -> Image.Image:
    """Read deflated samples, with PNG's predictors through the eyes of PNG."""
    (kind, palette), bits, (width, height) = _colours(picture), _bits(picture), _size(picture)
    _raw(kind, bits)
    colours = 3 if kind == COLOURED else 1
    predictor = _number(given, "/Predictor", 1)
    if predictor == 1:
        row = (width * bits * colours + 7) // 8
        return _samples(picture, _inflated(content, row * height))
    told = [_number(given, "/Colors", 1), _number(given, "/BitsPerComponent", 8)]
    if predictor < FROM_PNG or [*told, _number(given, "/Columns", 1)] != [colours, bits, width]:
        raise Unknown("predictor")
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = [_chunk(b"IHDR", head), _chunk(b"PLTE", palette) if palette else b""]
    written = b"".join([PNG, *parts, _chunk(b"IDAT", content), _chunk(b"IEND", b"")])
    image = PngImageFile(io.BytesIO(written))
    image.load()
    return image


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = struct.pack(">I", zlib.crc32(content, zlib.crc32(name)))
    return struct.pack(">I", len(content)) + name + content + checked


def _inflated(content: bytes, most: int) -> bytes:
    inflating = zlib.decompressobj()
    inflated = inflating.decompress(content, most)
    if inflating.decompress(inflating.unconsumed_tail, 1):
        raise Unknown("size")
    return inflated


def _fax(
    picture: generic.StreamObject, content: bytes, given: Mapping[str, generic.PdfObject]
) -> Image.Image:
    """Read a fax, black and white, through the eyes of TIFF."""
    (kind, palette), (width, height) = _colours(picture), _size(picture)
    aligned = bool(given.get("/EncodedByteAlign", False))
    if kind == COLOURED or aligned or _number(given, "/Columns", 1728) != width:
        raise Unknown("fax")
    scheme = _number(given, "/K", 0)
    entries = {
        256: width,
        257: height,
        258: 1,  # bit
        259: 4 if scheme < 0 else 3,  # the group of the coding
        262: int(bool(given.get("/BlackIs1", False))),  # which of the two values is black
        273: 8 + 2 + 12 * 9 + 4,  # where the only strip begins: behind this table
        278: height,
        279: len(content),
        292: int(scheme > 0),  # group 3 in two dimensions
    }
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries.items())
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + table + bytes(4)
    image: Image.Image = TiffImageFile(io.BytesIO(head + content))
    image.load()
    if kind == INDEXED:
        lights = [min(palette[:3]), min(palette[3:6])]
        image = image.convert("L").point([lights[0]] * 128 + [lights[1]] * 128)
    return image


def _turned_over(picture: generic.StreamObject) -> bool:
    """Whether its least value is white and its greatest black, against what is usual."""
    told = [float(one) for one in _each(picture, "/Decode")]  # type: ignore[arg-type] # likewise
    bits = _bits(picture)
    if not told or told in ([0, 1], [0, 1] * 3, [0, 2**bits - 1]):
        return False
    if told != [1, 0] or _colours(picture)[0] != GREY:
        raise Unknown("decode")
    return True


def _colours(picture: generic.StreamObject) -> tuple[int, bytes]:
    """Return of which kind a picture is, and its palette, three bytes a colour."""
    if "/ColorSpace" not in picture:  # a stencil
        return GREY, b""
    space = picture["/ColorSpace"]
    if not isinstance(space, generic.ArrayObject) or str(space[0]) != "/Indexed":
        return _kind(space), b""
    table = space[3]
    given = table.data if isinstance(table, generic.StreamObject) else table.original_bytes
    if _kind(space[1]) == COLOURED:
        return INDEXED, given[: 3 * 256]
    return INDEXED, bytes(one for one in given[:256] for _ in range(3))


def _kind(space: generic.PdfObject) -> int:
    name = str(space[0]) if isinstance(space, generic.ArrayObject) else str(space)
    if name == "/ICCBased" and isinstance(space, generic.ArrayObject):
        name = f"{name} {space[1]['/N']}"
    if name not in _KINDS:
        raise Unknown(name)
    return _KINDS[name]


_KINDS: Final = {
    "/DeviceGray": GREY,
    "/CalGray": GREY,
    "/ICCBased 1": GREY,
    "/DeviceRGB": COLOURED,
    "/CalRGB": COLOURED,
    "/ICCBased 3": COLOURED,
}


def _raw(kind: int, bits: int) -> tuple[str, str]:
    if (kind, bits) not in RAW:
        raise Unknown("samples")
    return RAW[kind, bits]


def _size(picture: generic.StreamObject) -> tuple[int, int]:
    return int(picture["/Width"]), int(picture["/Height"])


def _demand_bounded(width: int, height: int) -> None:
    if width < 1 or height < 1 or width * height > LARGEST:
        raise Unknown("size")


def _bits(picture: generic.StreamObject) -> int:
    return _number(picture, "/BitsPerComponent", 1)


def _number(given: Mapping[str, generic.PdfObject], key: str, usual: int) -> int:
    return int(given[key]) if key in given else usual  # type: ignore[call-overload] # others raise


def _each(picture: generic.StreamObject, key: str) -> list[generic.PdfObject]:
    """Return what stands under a key, which may be one or several."""
    if key not in picture:
        return []
    held = picture[key]
    several = held if isinstance(held, generic.ArrayObject) else [held]
    return [one.get_object() for one in several]
