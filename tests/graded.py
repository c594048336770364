"""
Documents with a grade of secrecy on them, or with words like it, as people make them.

    a_page("MẬT")                        a letter with a stamp of that wording above it, as a PDF
    a_page(None, body=["V/v bảo mật"])   one without
    a_scanned_page("MẬT")                the same as a picture of 200 dots an inch
    a_text("MẬT", header=True)           .docx; a_table(...): .xlsx; slides(...): .pptx
"""

from __future__ import annotations

from fpdf import FPDF
from fpdf.enums import AccessPermission, EncryptionMethod
from office import packed
from PIL import Image, ImageDraw, ImageFont
from scanned_pdfs import FONT, a_scan, deflated

BOLD = FONT.replace("Regular", "Bold")
BODY = (
    "Căn cứ Luật Bảo vệ bí mật nhà nước và quy chế bảo mật của cơ quan;",
    "Xét đề nghị của Chánh Văn phòng về mật độ dân cư, xin ý kiến về công tác bảo",
    "mật",
    "Ủy ban nhân dân đề nghị các đơn vị tuyệt đối bảo mật nội dung họp.",
)


def a_page(stamp, *, body=BODY, turned=0, spaced=0.0, beside="", size=14, small=False):
    """Return a letter with a stamp at its upper left; ``turned`` is how the stamp leans."""
    pdf = a_blank()
    pdf.set_font("serif", size=13)
    pdf.text(20, 25, "SỞ NỘI VỤ TỈNH MẪU")
    pdf.text(110, 25, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    pdf.text(20, 31, "Số: 12/BC-SNV")
    if beside:
        pdf.text(110, 45, beside)
    if stamp:
        pdf.set_font("serif", style="" if small else "B", size=size)
        pdf.set_char_spacing(spaced)
        with pdf.rotation(turned, 30, 45):
            pdf.rect(24, 38, 40, 10)
            pdf.text(28, 45, stamp)
        pdf.set_char_spacing(0)
        pdf.set_font("serif", size=13)
    for number, line in enumerate(body):
        pdf.text(20, 70 + 7 * number, line)
    return bytes(pdf.output())


def a_blank(**told):
    """Return a document with a page and fonts, nothing on it yet."""
    pdf = FPDF(**told)
    pdf.add_font("serif", fname=FONT)
    pdf.add_font("serif", style="B", fname=BOLD)
    pdf.add_page()
    return pdf


def locked(pdf_of=None, *, password):
    """Return a page with a stamp under a password; an empty one opens by itself."""
    pdf = a_blank()
    pdf.set_encryption(
        owner_password="owner",
        user_password=password,
        encryption_method=EncryptionMethod.AES_128,
        permissions=AccessPermission.none(),
    )
    pdf.set_font("serif", style="B", size=14)
    pdf.text(28, 45, pdf_of or "MẬT")
    return bytes(pdf.output())


def a_scanned_sheet(stamp, *, dpi=200, body=BODY, lean=0.0):
    """Return a letter as a scanner sees it (mode L)."""
    sheet = Image.new("L", (int(8.27 * dpi), int(11.69 * dpi)), 246)
    pen = ImageDraw.Draw(sheet)

    def write(x, y, text, points, font=FONT):
        face = ImageFont.truetype(font, points * dpi // 72)
        pen.text((x * dpi / 25.4, y * dpi / 25.4), text, font=face, fill=25)

    write(20, 20, "SỞ NỘI VỤ TỈNH MẪU", 13)
    write(110, 20, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12)
    write(20, 27, "Số: 12/BC-SNV", 13)
    if stamp:
        box = [int(one * dpi / 25.4) for one in (24, 38, 70, 50)]
        pen.rectangle(box, outline=40, width=dpi // 60)
        write(30, 40, stamp, 16, BOLD)
    for number, line in enumerate(body):
        write(20, 70 + 8 * number, line, 13)
    return sheet.rotate(lean, fillcolor=246) if lean else sheet


def a_scanned_page(stamp, *, turned=0, **told):
    """Return a scan as a PDF; ``turned`` as in /Rotate, the picture turned against it."""
    sheet = a_scanned_sheet(stamp, **told)
    return a_scan(deflated(sheet.rotate(turned, expand=True)), turned=turned)


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def paragraph(*runs):
    """Return a paragraph of text whose runs are split as Word splits them."""
    return "<w:p>" + "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"


def a_box(*paragraphs):
    """Return a paragraph that holds nothing but a box, told twice as Word does."""
    box = f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"
    return f"<w:p><w:r><w:drawing>{box}</w:drawing><w:pict>{box}</w:pict></w:r></w:p>"


def word_art(word):
    """Return a paragraph with a word along a line, as Word makes watermarks."""
    shape = f'<v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textpath string="{word}"/>'
    return f"<w:p><w:r><w:pict>{shape}</v:shape></w:pict></w:r></w:p>"


def a_row(*cells):
    """Return a table of one row."""
    told = "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in cells)
    return f"<w:tbl><w:tr>{told}</w:tr></w:tbl>"


BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'


def a_text(*content, **parts):
    """Return a .docx of these paragraphs; ``header1=…`` and such are parts of their own."""
    root = f'<w:document xmlns:w="{W}"><w:body>{"".join(content)}</w:body></w:document>'
    told = {"[Content_Types].xml": "<Types/>", "word/document.xml": root}
    for name, inner in parts.items():
        kind = "hdr" if name.startswith("header") else "ftr"
        told[f"word/{name}.xml"] = f'<w:{kind} xmlns:w="{W}">{inner}</w:{kind}>'
    return _packed(told)


def a_workbook(*rows, above="", shared=(), box=""):
    """Return an .xlsx of one sheet: a text is a cell, a number one of the ``shared`` texts."""

    def cell(one):
        if isinstance(one, int):
            return f'<c t="s"><v>{one}</v></c>'
        return f'<c t="inlineStr"><is><t>{one}</t></is></c>'

    told = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    sheet = (
        f"<sheetData>{told}</sheetData><headerFooter><oddHeader>{above}</oddHeader></headerFooter>"
    )
    texts = "".join(f"<si><t>{one}</t></si>" for one in shared)
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns="{S}"/>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{S}">{sheet}</worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{S}">{texts}</sst>',
    }
    if box:
        parts["xl/drawings/drawing1.xml"] = f'<d xmlns:a="{A}"><a:p><a:t>{box}</a:t></a:p></d>'
    return _packed(parts)


def slides(*texts, first=1, under=""):
    """Return a .pptx with a slide for each text; ``first`` is shown first."""
    relations = "".join(
        f'<Relationship Id="r{one}" Type="x/slide" Target="slides/slide{one}.xml"/>'
        for one in range(1, len(texts) + 1)
    )
    layout = '<Relationship Id="l" Type="x/slideLayout" Target="../slideLayouts/one.xml"/>'
    parts = {
        "[Content_Types].xml": "<Types/>",
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{P}" xmlns:r="{R}"><p:sldIdLst>'
        f'<p:sldId id="256" r:id="r{first}"/></p:sldIdLst></p:presentation>',
        "ppt/_rels/presentation.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{relations}'
        "</Relationships>",
        "ppt/slideLayouts/one.xml": a_slide(under),
    }
    for number, text in enumerate(texts, 1):
        parts[f"ppt/slides/slide{number}.xml"] = a_slide(text)
        parts[f"ppt/slides/_rels/slide{number}.xml.rels"] = (
            f'<Relationships xmlns="{_RELATIONS}">{layout}</Relationships>'
        )
    return _packed(parts)


def a_slide(text):
    return f'<p:sld xmlns:p="{P}" xmlns:a="{A}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>'


def untidy(office):
    """Return an office file with bytes after it, which programs open all the same."""
    return office + b"more junk"


def _packed(parts):
    return packed({name: content.encode() for name, content in parts.items()})
