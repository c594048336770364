"""What stands in every evidence file in Vietnamese and English: README.txt, and the summary."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.paper.evidence import Both

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS: Final[Mapping[str, Both]] = MappingProxyType(
    {
        "item": Both("Mã của nút", "Id at the node"),
        "document_id": Both("Mã định danh văn bản", "DocumentId"),
        "code": Both("Số, ký hiệu", "Number and notation"),
        "promulgated": Both("Ngày ban hành", "Issued on"),
        "type": Both("Loại văn bản", "Kind"),
        "subject": Both("Trích yếu", "Subject"),
        "direction": Both("Chiều", "Direction"),
        "sender": Both("Nơi gửi", "Sent by"),
        "receivers": Both("Nơi nhận", "Receivers"),
        "state": Both("Trạng thái", "State"),
        "created": Both("Nút tiếp nhận lúc", "Taken in by the node at"),
        "digest": Both("SHA-256 của gói tin", "SHA-256 of the package"),
        "journal": Both("Nhật ký", "Journal"),
        "heads": Both("Mốc của nhật ký", "Heads of the journal"),
    }
)
PARTS: Final[Mapping[str, Both]] = MappingProxyType(
    {
        "original": Both("Tệp gốc, bản ký và giấy tờ kèm theo", "Files, signed copies and papers"),
        "package": Both("Gói tin đã gửi hoặc đã nhận, nguyên vẹn", "Package as sent or received"),
        "statuses": Both("Trạng thái đã gửi hoặc đã nhận", "Statuses sent or received"),
        "record": Both("Hồ sơ trong hàng đợi, các lần gửi", "Rows of the queue, attempts"),
        "receipts": Both("Biên nhận cho phần mềm", "Receipts for the software"),
        "journal": Both("Trích nhật ký có chứng minh", "Excerpt of the journal with proof"),
        "heads": Both("Mốc của nhật ký và dấu thời gian", "Heads of the journal, time-stamps"),
        "relied-on": Both("OCSP, CRL đã dựa vào", "OCSP answers and CRLs relied upon"),
        "anchors": Both("Chứng thư số gốc được tin cậy", "Certificates that are trusted"),
    }
)
COUNTED: Final = Both(
    "{told} sự kiện của văn bản này, trong {count} sự kiện",
    "{told} events of this document, of {count}",
)
STAMPED: Final = Both("{heads}, trong đó {stamped} có dấu thời gian", "{heads}, {stamped} stamped")
OUT: Final = Both("văn bản đi", "outgoing")
IN: Final = Both("văn bản đến", "incoming")
FOLDER_GONE: Final = Both(
    "thư mục văn bản không còn ở chỗ cũ: phần mềm đã lấy hoặc có người chuyển đi",
    "the folder of the document is gone: the software took it, or somebody moved it",
)
NO_FOLDER: Final = Both("chưa có thư mục văn bản", "the document has no folder yet")
PACKAGE_GONE: Final = Both(
    "gói tin {digest} không còn trong kho của nút", "the spool has no package {digest} any more"
)
DESTROYED: Final = Both(
    "nội dung đã hủy lúc {at} theo thu hồi đã đồng ý",
    "what it held was destroyed at {at}, after an agreed recall",
)
REMOVED: Final = Both(
    "nội dung đã xóa lúc {at} vì hết thời hạn giữ (retention); nhật ký ghi lại việc này",
    "its payload was removed at {at} by retention; the journal has that",
)
RECEIPTS_READ: Final = Both(
    "biên nhận: phần mềm đã đọc và xóa; sự kiện vẫn ở trong nhật ký",
    "receipts: the software read and deleted them; the journal has the events",
)
NO_VERDICTS: Final = Both(
    "verification.json không còn; có thể xác minh lại chữ ký từ gói tin",
    "verification.json is gone; the signatures can be verified again from the package",
)
UNCOVERED: Final = Both(
    "{count} sự kiện cuối chưa có mốc nào làm chứng; xuất lại sau ngày hôm nay",
    "no head vouches for the last {count} events yet; write this file again tomorrow",
)
UNSTAMPED: Final = Both(
    "không mốc nào có dấu thời gian: hãy so với nhật ký hệ thống",
    "no head has a time-stamp: compare with what syslog kept",
)
JOURNAL_BROKEN: Final = Both(
    "nhật ký KHÔNG khớp, dòng {line}: {vi}", "the journal does NOT hold, line {line}: {en}"
)
NOTE: Final = Both(
    "Trang này không chứng minh điều gì; cách kiểm tra: README.txt.",
    "This page proves nothing by itself; how to check: README.txt.",
)

README: Final = """\
HỒ SƠ CHỨNG CỨ / EVIDENCE    {agency}    {item}    {made}

Tệp này kiểm tra được mà không cần phần mềm edge-node.
This file can be checked without the program edge-node.

1. Không tệp nào bị đổi / No file was changed
       sha256sum -c SHA256SUMS
   (Windows: certutil -hashfile FILE SHA256)

2. Nhật ký khớp / The journal holds     (Python 3.9+, không cần cài thêm gì / nothing to install)
       python3 verify_journal.py journal.jsonl
   In ra sự kiện và mã chuỗi cuối; so với dòng "the journal is anchored" trong nhật ký hệ thống:
   It prints events and the last chain; compare with "the journal is anchored" in syslog:
       python3 verify_journal.py journal.jsonl --head ID:CHAIN

3. Dấu thời gian của nhật ký / Time-stamps of the journal     (OpenSSL)
       openssl ts -verify -data heads/head-N.bin -in heads/head-N.tst -token_in -CAfile ROOTS.pem
       openssl ts -reply -in heads/head-N.tst -token_in -text
   ROOTS.pem: chứng thư số của tổ chức cấp dấu thời gian / certificates of the time-stamp authority

4. Gói tin / The package     package/*.edxml
   XML; tệp đính kèm là base64 (có thể nén ZIP) / XML; attachments are base64 (perhaps zipped)
       sha256sum package/*.edxml      so với / compare with digest: record.json

5. Chữ ký trên văn bản / Signatures of the document     original/
       pdfsig TEP.pdf        (poppler)
       original/verification.json: kết luận khi tiếp nhận / verdicts when it arrived

6. Chứng thư và thông tin thu hồi đã dựa vào / Certificates and revocation data relied upon
       openssl ocsp -respin relied-on/HASH.der -resp_text -noverify
       openssl crl -inform DER -in relied-on/HASH.der -text -noout
       openssl x509 -in anchors/NAME -text -noout

Những gì không có trong hồ sơ được ghi ở manifest.json ("missing") và summary.pdf.
What is not in this file is said in manifest.json ("missing") and summary.pdf.
"""
