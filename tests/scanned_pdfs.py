"""
PDFs of one picture over a whole page, as scanners make them, and pictures within a page.

    pdf = a_scan(jpeg(a_sheet()))              # A4; free only between FREE millimetres from above
    pdf = a_page_with([(picture, (left, bottom, width, height))])
    a_seal()                                   # bytes of a PNG
    changed(before, after, folder)             # where two PDFs differ on page 1, as pixels of both
"""

from __future__ import annotations

import io
import subprocess
import zlib

from PIL import Image, ImageChops, ImageDraw, ImageFont, TiffImagePlugin
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from signed_pdfs import a_pdf
from tampered_pdfs import updated

WORDS = "Căn cứ Luật ngày 19 tháng 6 năm 2015; xét đề nghị "
FREE = (22, 36)  # millimetres from the upper edge, at the right of `a_sheet`
FONT = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
A4 = (595, 842)
DPI = 60  # in which pages are looked at


def a_sheet(paper=244, ink=30, dpi=100, words=WORDS):
    """Return a scanned sheet of A4 full of lines, but for a strip at the right (mode L)."""
    sheet = Image.new("L", (int(8.27 * dpi), int(11.69 * dpi)), paper)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(FONT, dpi // 7)
    for row in range(int(sheet.height / dpi * 6)):
        pen.text((0, row * dpi / 6), words * 3, font=font, fill=ink)
    top, bottom = (int(one / 25.4 * dpi) for one in FREE)
    pen.rectangle((sheet.width // 2, top, sheet.width, bottom), fill=paper)
    return sheet


def a_seal(size=400, *, noisy=False):
    """Return a PNG of a seal: a red ring from edge to edge on a transparent ground."""
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    ring = Image.new("L", (size, size), 0)
    ImageDraw.Draw(ring).ellipse((0, 0, size - 1, size - 1), outline=255, width=size // 10)
    colour = Image.new("RGB", (size, size), (214, 32, 32))
    if noisy:
        grain = Image.effect_noise((size, size), 60)
        colour = Image.merge("RGB", [grain.point(lambda one: 180 + one // 4), grain, grain])
    image.paste(colour, (0, 0), ring)
    image.putalpha(ring)
    return _saved(image, "PNG")


def picture(content, *, size, kind="/DeviceGray", bits=8, filters=(), **more):
    """Return a picture as it stands in a PDF; ``content`` is coded already."""
    entries = {
        "/Type": pdf_name("/XObject"),
        "/Subtype": pdf_name("/Image"),
        "/Width": generic.NumberObject(size[0]),
        "/Height": generic.NumberObject(size[1]),
        "/BitsPerComponent": generic.NumberObject(bits),
        **{f"/{key}": _told(one) for key, one in more.items()},
    }
    if kind:
        entries["/ColorSpace"] = _told(kind)
    if filters:
        entries["/Filter"] = _told(filters[0] if len(filters) == 1 else list(filters))
    return generic.StreamObject(
        {pdf_name(key): one for key, one in entries.items()}, encoded_data=content
    )


def jpeg(image, **more):
    """Return a picture coded as JPEG."""
    kind = {"L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK"}[image.mode]
    told = {"kind": kind, "filters": ["/DCTDecode"], **more}
    return picture(_saved(image, "JPEG", quality=75), size=image.size, **told)


def jpeg2000(image):
    """Return a picture coded as JPEG 2000."""
    coded = _saved(image, "JPEG2000")
    return picture(coded, size=image.size, filters=["/JPXDecode"])


def deflated(image, **more):
    """Return a picture of deflated samples."""
    kind = {"1": "/DeviceGray", "L": "/DeviceGray", "RGB": "/DeviceRGB"}[image.mode]
    told = {"kind": kind, "bits": 1 if image.mode == "1" else 8, **more}
    content = zlib.compress(image.tobytes())
    return picture(content, size=image.size, filters=["/FlateDecode"], **told)


def predicted(image):
    """Return a picture as PNG codes it, with its predictors."""
    colours, bits = (3 if image.mode == "RGB" else 1), (1 if image.mode == "1" else 8)
    told = {"Predictor": 15, "Colors": colours, "BitsPerComponent": bits, "Columns": image.width}
    kind = "/DeviceRGB" if colours > 1 else "/DeviceGray"
    return picture(
        _png_samples(_saved(image, "PNG")),
        size=image.size,
        kind=kind,
        bits=bits,
        filters=["/FlateDecode"],
        DecodeParms=told,
    )


def fax(image, *, group=4, black_is_1=False, **more):
    """Return a picture coded as a fax."""
    scheme = {4: "group4", 3: "group3"}[group]
    ink = ImageChops.invert(image.convert("1", dither=Image.Dither.NONE))
    tiff = io.BytesIO()
    ink.save(tiff, "TIFF", compression=scheme, tiffinfo={278: image.height})
    with Image.open(tiff) as opened:
        assert isinstance(opened, TiffImagePlugin.TiffImageFile)
        (start,), (length,) = opened.tag_v2[273], opened.tag_v2[279]
    content = tiff.getvalue()[start : start + length]
    told = {"K": -1 if group == 4 else 0, "Columns": image.width, "Rows": image.height}
    if black_is_1:
        told["BlackIs1"] = True
    more = {"DecodeParms": told, **more}
    return picture(content, size=image.size, bits=1, filters=["/CCITTFaxDecode"], **more)


def a_scan(drawn, turned=0):
    """Return a page of A4 that is one picture; ``turned`` as in /Rotate."""
    place = (0, 0, *A4) if turned % 180 == 0 else (0, 0, *A4[::-1])
    return a_page_with([(drawn, place)], turned=turned, size=place[2:])


def a_page_with(pictures, *, turned=0, size=A4):
    """Return a page with pictures at their places (left, bottom, width, height)."""

    def change(writer):
        reference, _ = writer.find_page_for_modification(0)
        page = reference.get_object()
        named = {pdf_name(f"/P{one}"): writer.add_object(_owned(writer, drawn))
                 for one, (drawn, _) in enumerate(pictures)}  # fmt: skip
        page["/Resources"] = generic.DictionaryObject(
            {pdf_name("/XObject"): generic.DictionaryObject(named)}
        )
        told = [
            f"q {width} 0 0 {height} {left} {bottom} cm /P{one} Do Q"
            for one, (_, (left, bottom, width, height)) in enumerate(pictures)
        ]
        stream = generic.StreamObject(stream_data=" ".join(told).encode())
        page["/Contents"] = writer.add_object(stream)
        page["/MediaBox"] = _told([0, 0, *size])
        page["/Rotate"] = generic.NumberObject(turned)
        writer.mark_update(reference)

    return updated(a_pdf(), change)


def rendered(pdf, folder, dpi=DPI):
    """Return page 1 as a person sees it (mode RGB)."""
    command = ["pdftoppm", "-r", str(dpi), "-png", "-singlefile", "-f", "1", "-cropbox", "-"]
    subprocess.run([*command, folder / "seen"], input=pdf, check=True, capture_output=True)
    return Image.open(folder / "seen.png").convert("RGB")


def changed(before, after, folder, dpi=DPI):
    """Return where page 1 differs, as a mask, and how it was there before (both mode L)."""
    first, second = rendered(before, folder, dpi), rendered(after, folder, dpi)
    mask = ImageChops.difference(first, second).convert("L").point(lambda one: 255 * (one > 16))
    return mask, first.convert("L")


def _owned(writer, drawn):
    """Return a picture whose masks are objects of their own, as streams have to be."""
    for key in ("/SMask", "/Mask"):
        if isinstance(drawn.get(key), generic.StreamObject):
            drawn[pdf_name(key)] = writer.add_object(drawn[key])
    return drawn


def _saved(image, form, **told):
    out = io.BytesIO()
    image.save(out, form, **told)
    return out.getvalue()


def _png_samples(png):
    at, held = 8, b""
    while at < len(png):
        length, name = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        held += png[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    return held


def _told(value):
    """Return a value as an object of a PDF."""
    kinds = {
        bool: generic.BooleanObject,
        bytes: generic.ByteStringObject,
        str: pdf_name,
        int: generic.NumberObject,
        float: generic.FloatObject,
        list: lambda held: generic.ArrayObject(map(_told, held)),
        dict: lambda held: generic.DictionaryObject(
            {pdf_name(f"/{key}"): _told(one) for key, one in held.items()}
        ),
    }
    return value if isinstance(value, generic.PdfObject) else kinds[type(value)](value)
