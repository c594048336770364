"""What the sample documents say: invented agencies, invented people, nothing that matters."""

from __future__ import annotations

from official_form import Letter


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the paragraphs of the text, each in one line; an empty line parts them."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n"))


REQUEST = Letter(
    agency=("BỘ NỘI ĐỊA", "(THỬ NGHIỆM)"),
    number="101/BNĐ-VP",
    place_and_date="Hà Nội, ngày 20 tháng 11 năm 2026",
    about="V/v thử nghiệm gửi, nhận văn bản điện tử qua trục liên thông",
    to=("Ủy ban nhân dân tỉnh Sông Xanh (thử nghiệm)",),
    body=paragraphs(
        """
        Để chuẩn bị đưa phần mềm kết nối trục liên thông văn bản vào sử dụng, Bộ Nội
        địa (thử nghiệm) đề nghị Ủy ban nhân dân tỉnh Sông Xanh (thử nghiệm) phối hợp
        thực hiện một số nội dung sau:

        1. Rà soát mã định danh, số điện thoại, hộp thư điện tử của các đơn vị nêu tại
        Phụ lục gửi kèm; cử một đầu mối về văn thư và một đầu mối về công nghệ thông
        tin của mỗi đơn vị, gửi kết quả về Văn phòng Bộ trước ngày 27 tháng 11 năm
        2026.

        2. Từ ngày 30 tháng 11 đến ngày 11 tháng 12 năm 2026, mỗi ngày làm việc gửi ít
        nhất hai văn bản có nội dung giả định, tiếp nhận văn bản của các đơn vị khác,
        kiểm tra chữ ký số và cập nhật đầy đủ trạng thái xử lý; tổng hợp kết quả theo
        đề cương gửi kèm.

        Trong quá trình thực hiện, nếu có vướng mắc, đề nghị phản ánh về Văn phòng Bộ
        (điện thoại: 024.0000.0101; thư điện tử: vanphong@noidia.example) để được hướng
        dẫn./.
        """
    ),
    copies_to=("Như trên", "Bộ trưởng (để báo cáo)", "Trung tâm Thông tin", "Lưu: VT, VP (03)"),
    signs=("TL. BỘ TRƯỞNG", "CHÁNH VĂN PHÒNG"),
    signer="Trần Văn Mẫu",
)

REPLY = Letter(
    agency=("ỦY BAN NHÂN DÂN", "TỈNH SÔNG XANH", "(THỬ NGHIỆM)"),
    number="245/UBND-VX",
    place_and_date="Sông Xanh, ngày 24 tháng 11 năm 2026",
    about="V/v cử đầu mối thử nghiệm gửi, nhận văn bản điện tử",
    to=("Bộ Nội địa (thử nghiệm)",),
    body=paragraphs(
        """
        Phúc đáp Công văn số 101/BNĐ-VP ngày 20 tháng 11 năm 2026 của Bộ Nội địa (thử
        nghiệm) về việc thử nghiệm gửi, nhận văn bản điện tử qua trục liên thông, Ủy
        ban nhân dân tỉnh Sông Xanh (thử nghiệm) có ý kiến như sau:

        1. Cử bà Nguyễn Thị Ví Dụ, Phó Trưởng phòng Hành chính - Tổ chức, và ông Phạm
        Giả Định, chuyên viên Trung tâm Công nghệ thông tin, làm đầu mối của tỉnh trong
        thời gian thử nghiệm.

        2. Danh sách đơn vị tại Phụ lục đã được rà soát. Đề nghị điều chỉnh tên đơn vị
        số thứ tự 03 thành “Ủy ban nhân dân xã Thượng Nguồn”; các thông tin khác giữ
        nguyên.

        Ủy ban nhân dân tỉnh Sông Xanh (thử nghiệm) gửi quý Bộ tổng hợp./.
        """
    ),
    copies_to=("Như trên", "Chủ tịch, các PCT UBND tỉnh", "Trung tâm CNTT", "Lưu: VT, VX"),
    signs=("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"),
    signer="Lê Thị Thử",
)

_REASONS = paragraphs(
    """
        *Căn cứ Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về
        công tác văn thư;

        *Căn cứ Kế hoạch số 05/KH-BNĐ ngày 02 tháng 11 năm 2026 của Bộ Nội địa (thử
        nghiệm) về thử nghiệm gửi, nhận văn bản điện tử;

        *Theo đề nghị của Chánh Văn phòng Ủy ban nhân dân tỉnh.
        """
)

DECISION = Letter(
    agency=("ỦY BAN NHÂN DÂN", "TỈNH SÔNG XANH", "(THỬ NGHIỆM)"),
    number="77/QĐ-UBND",
    place_and_date="Sông Xanh, ngày 25 tháng 11 năm 2026",
    kind="QUYẾT ĐỊNH",
    about="Về việc thành lập Tổ thử nghiệm kết nối liên thông văn bản điện tử",
    authority="CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH SÔNG XANH (THỬ NGHIỆM)",
    body=(
        *_REASONS,
        *paragraphs(
            """
        QUYẾT ĐỊNH:

        Điều 1.| Thành lập Tổ thử nghiệm kết nối liên thông văn bản điện tử của tỉnh
        Sông Xanh (sau đây gọi là Tổ thử nghiệm) gồm: bà Nguyễn Thị Ví Dụ, Tổ trưởng;
        ông Phạm Giả Định, Tổ phó; đại diện mỗi đơn vị tham gia thử nghiệm, thành viên.

        Điều 2.| Tổ thử nghiệm có nhiệm vụ gửi, nhận, kiểm tra văn bản có nội dung giả
        định; theo dõi trạng thái xử lý; tổng hợp, báo cáo kết quả trước ngày 18 tháng
        12 năm 2026 và tự giải thể sau khi hoàn thành nhiệm vụ.

        Điều 3.| Chánh Văn phòng Ủy ban nhân dân tỉnh, thủ trưởng các đơn vị có liên
        quan và các thành viên có tên tại Điều 1 chịu trách nhiệm thi hành Quyết định
        này. Quyết định có hiệu lực kể từ ngày ký./.
        """
        ),
    ),
    headings=frozenset({"QUYẾT ĐỊNH:"}),
    copies_to=("Như Điều 3", "Bộ Nội địa (để báo cáo)", "Lưu: VT, VX"),
    signs=("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"),
    signer="Lê Thị Thử",
)

OUTLINE_TITLE = "ĐỀ CƯƠNG BÁO CÁO"
OUTLINE_ABOUT = "Kết quả thử nghiệm gửi, nhận văn bản điện tử qua trục liên thông"
OUTLINE_SOURCE = "(Kèm theo Công văn số 101/BNĐ-VP ngày 20 tháng 11 năm 2026)"
OUTLINE = (
    ("I. TÌNH HÌNH CHUNG", "Số đơn vị tham gia, thời gian, cách bố trí đầu mối."),
    ("II. KẾT QUẢ", "Số lượng văn bản gửi, nhận theo từng đơn vị, lập theo bảng sau:"),
    ("III. KHÓ KHĂN, VƯỚNG MẮC", "Nêu rõ lỗi gặp phải, thời điểm và cách đã xử lý."),
    ("IV. ĐỀ XUẤT, KIẾN NGHỊ", "Đối với phần mềm, đối với quy trình văn thư của đơn vị."),
)
OUTLINE_COLUMNS = ("STT", "Đơn vị", "Số văn bản gửi", "Số văn bản nhận", "Tỷ lệ đúng hạn")
OUTLINE_ROWS = (
    ("1", "Sở Thử nghiệm", "", "", ""),
    ("2", "Ủy ban nhân dân phường Bến Mơ", "", "", ""),
    ("3", "Ủy ban nhân dân xã Đầu Nguồn", "", "", ""),
)

ANNEX_TITLE = "PHỤ LỤC: DANH SÁCH ĐƠN VỊ THAM GIA THỬ NGHIỆM"
ANNEX_COLUMNS = ("STT", "Tên đơn vị", "Mã định danh", "Hộp thư điện tử", "Văn bản/ngày", "Ghi chú")
ANNEX_ROWS = (
    ("Văn phòng Ủy ban nhân dân tỉnh Sông Xanh", "K99.01", "vanphong@songxanh.example", 4, ""),
    ("Sở Thử nghiệm tỉnh Sông Xanh", "K99.01.02", "sothunghiem@songxanh.example", 3, ""),
    ("Ủy ban nhân dân xã Đầu Nguồn", "K99.01.03", "daunguon@songxanh.example", 2, "Vùng cao"),
    ("Ủy ban nhân dân phường Bến Mơ", "K99.01.04", "benmo@songxanh.example", 2, ""),
    ("Trung tâm Công nghệ thông tin", "K99.01.05", "cntt@songxanh.example", 2, "Đầu mối"),
)

INVITATION_AGENCY = ("BỘ NỘI ĐỊA (THỬ NGHIỆM)", "VĂN PHÒNG")
INVITATION_NUMBER = "Số: 33/GM-VP"
INVITATION_DATE = "Hà Nội, ngày 23 tháng 11 năm 2026"
INVITATION_ABOUT = "Họp triển khai thử nghiệm gửi, nhận văn bản điện tử"
INVITATION = paragraphs(
    """
        Văn phòng Bộ Nội địa (thử nghiệm) trân trọng kính mời đại diện Ủy ban nhân dân
        tỉnh Sông Xanh (thử nghiệm) tới dự họp triển khai thử nghiệm gửi, nhận văn bản
        điện tử.

        1. Chủ trì: Ông Trần Văn Mẫu, Chánh Văn phòng Bộ.

        2. Thời gian: 08 giờ 30 phút, thứ Sáu, ngày 27 tháng 11 năm 2026.

        3. Địa điểm: Phòng họp số 2, tầng 3, trụ sở Bộ Nội địa; kết hợp trực tuyến.

        4. Thành phần: Lãnh đạo Văn phòng, cán bộ văn thư và cán bộ công nghệ thông tin
        phụ trách kết nối liên thông của tỉnh.

        Đề nghị các đơn vị gửi danh sách đại biểu về Văn phòng Bộ trước ngày 26 tháng
        11 năm 2026 để thuận tiện cho công tác chuẩn bị./.
        """
)
INVITATION_COPIES = ("- Như trên;", "- Chánh Văn phòng (để báo cáo);", "- Lưu: VT, TH (02).")
INVITATION_SIGNS = ("KT. CHÁNH VĂN PHÒNG", "PHÓ CHÁNH VĂN PHÒNG")
INVITATION_SIGNER = "Đỗ Thị Kiểm Thử"
