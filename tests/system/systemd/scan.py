"""
Pages as a scanner sees them, for boot.sh only: a picture in a PDF, with a stamp or without.

    scan.py FILE [STAMP]
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import edge_node.paper

DPI = 200
FONTS = Path(edge_node.paper.__file__).parent / "liberation"
BODY = (
    "Căn cứ Luật Tổ chức chính quyền địa phương và quy chế làm việc;",
    "Xét đề nghị của Chánh Văn phòng về mật độ dân cư và công tác bảo mật,",
    "Ủy ban nhân dân đề nghị các đơn vị cho ý kiến trước ngày 30 tháng 11.",
)

sheet = Image.new("L", (int(8.27 * DPI), int(11.69 * DPI)), 246)
pen = ImageDraw.Draw(sheet)


def write(x, y, text, points, face="Regular"):
    """Write so many millimetres from the upper left corner."""
    font = ImageFont.truetype(FONTS / f"LiberationSerif-{face}.ttf", points * DPI // 72)
    pen.text((x * DPI / 25.4, y * DPI / 25.4), text, font=font, fill=25)


write(20, 20, "SỞ NỘI VỤ TỈNH MẪU", 13)
write(110, 20, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12)
if sys.argv[2:]:
    pen.rectangle([int(one * DPI / 25.4) for one in (24, 38, 70, 50)], outline=40, width=3)
    write(30, 40, sys.argv[2], 16, "Bold")
for number, line in enumerate(BODY):
    write(20, 70 + 8 * number, line, 13)
sheet.save(sys.argv[1], resolution=DPI)
