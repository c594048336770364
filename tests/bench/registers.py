"""
How long the registers of a large office take, and how much memory.

    python tests/bench/registers.py [--documents 840000] [--folder DIR] [--keep]

Makes a queue with so many documents out and so many in, spread over the working days of a year,
through the real schema; then runs `edge-node register` for a month and for the year, each as a
process of its own, and says what it took: seconds, the most memory it held, bytes written.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

from edge_node.adapters.queue import Queue
from edge_node.config import load, starter
from edge_node.domain.document import agency_code, conventional_document_id
from edge_node.domain.time import VIETNAM

YEAR = 2026
US = agency_code("H37.02")
OFFICES = ("UBND", "VPUBND-TH", "SNV-CCHC", "STC-QLNS", "SGDĐT-TCCB", "SYT-NVY", "SXD-KTQH")
KINDS = (
    *(("Công văn", ""),) * 6,
    *(("Quyết định", "QĐ"),) * 3,
    ("Thông báo", "TB"),
    ("Kế hoạch", "KH"),
    ("Báo cáo", "BC"),
    ("Tờ trình", "TTr"),
    ("Giấy mời", "GM"),
)
NAMES = (
    "Ủy ban nhân dân xã Đồng Đăng",
    "Ủy ban nhân dân phường Kỳ Lừa",
    "Sở Giáo dục và Đào tạo tỉnh Lạng Sơn",
    "Sở Nông nghiệp và Môi trường tỉnh Lạng Sơn",
    "Văn phòng Đoàn đại biểu Quốc hội và Hội đồng nhân dân tỉnh",
    "Bộ Nội vụ",
    "Ban Quản lý Khu kinh tế cửa khẩu Đồng Đăng - Lạng Sơn",
    "Công an tỉnh Lạng Sơn",
)
MATTERS = (
    "V/v triển khai thực hiện nhiệm vụ chuyển đổi số và cải cách hành chính trên địa bàn tỉnh",
    "Về việc phê duyệt kế hoạch lựa chọn nhà thầu thuộc dự án hạ tầng kỹ thuật khu tái định cư",
    "V/v báo cáo kết quả rà soát, sắp xếp các đơn vị sự nghiệp công lập",
    "Họp giao ban công tác tháng",
    "Hướng dẫn công tác văn thư, lưu trữ năm 2026 theo quy định của Chính phủ",
    "V/v trả lời kiến nghị của cử tri",
)
SIGNERS = ("Nguyễn Thị Thùy Dương", "Trần Văn Đức", "Lê Hoàng Quân", "Phạm Thị Ánh Tuyết")
PLACES = json.dumps(["- Như trên;", "- TT. Tỉnh ủy;", "- Lưu: VT, KTTH."], ensure_ascii=False)


def working_days(year):
    day = date(year, 1, 1)
    while day.year == year:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def stamped(day, minute):
    moment = datetime(day.year, day.month, day.day, 8, tzinfo=VIETNAM)
    return round((moment + timedelta(seconds=6 * minute)).timestamp() * 1000)


class Office:
    """Writes rows as the node would have, many at a time."""

    def __init__(self, path, seed=7):
        """Write to the queue at ``path``, which has its tables."""
        self.db = sqlite3.connect(path)
        self.db.execute("pragma synchronous = off")
        self.db.execute("pragma cache_size = -400000")
        self.random = random.Random(seed)  # noqa: S311 - the same year every time
        self.rows = {}

    def put(self, table, **values):
        """Keep a row for `flush`."""
        columns = tuple(values)
        self.rows.setdefault((table, columns), []).append(tuple(values.values()))

    def flush(self):
        """Write what was kept."""
        for (table, columns), rows in self.rows.items():
            places = ", ".join("?" * len(columns))
            self.db.executemany(
                f"insert into {table} ({', '.join(columns)}) values ({places})",  # noqa: S608
                rows,
            )
        self.rows.clear()
        self.db.commit()

    def send(self, number, day, minute):
        """Have a document leave, and its receivers answer."""
        chance, item = self.random, f"o{number:09}"
        kind, short = chance.choice(KINDS)
        notation = "-".join(filter(None, (short, chance.choice(OFFICES))))
        at = stamped(day, minute)
        self.put(
            "documents",
            id=item,
            document_id=conventional_document_id(US, day, str(number), notation),
            sender=US,
            number=str(number),
            notation=notation,
            promulgated=day.isoformat(),
            type=kind,
            subject=chance.choice(MATTERS),
            kind="new",
            ref="",
            fingerprint=f"{number:064x}",
            name=f"drop-{number}",
            folder=f"sent/drop-{number}",
            untold=0,
            warnings="[]",
            created=at,
        )
        self.tell(item, places=PLACES, copies=chance.randint(2, 30))
        receivers = chance.sample(range(len(NAMES)), chance.choice((1, 1, 1, 2, 4)))
        self.put(
            "envelopes",
            id=f"e{number:09}",
            item=item,
            message="edoc",
            sender=US,
            receivers=json.dumps([f"H37.{each:02}" for each in receivers]),
            digest=f"{number:064x}",
            size=300_000,
            state="delivered",
            urgency=0,
            axis_id=f"axis-{number}",
            created=at,
        )
        for each in receivers:
            code = f"H37.{each:02}"
            status = chance.choice(("01", "03", "03", "06", "02"))
            self.put(
                "fates",
                item=item,
                receiver=code,
                name=NAMES[each],
                envelope=f"e{number:09}",
                state="delivered",
                status=status,
                status_at=at + 3_600_000,
                at=at + 3_600_000,
            )
            self.event(item, at, "queued", code)
            self.event(item, at + 60_000, "accepted", code)
            self.event(item, at + 90_000, "delivered", code)
            self.event(item, at + 3_600_000, "status", code, status, "[OTHER] Gửi nhầm nơi nhận")

    def receive(self, number, day, minute):
        """Have a document arrive, and go through the office."""
        chance, item = self.random, f"i{number:09}"
        kind, short = chance.choice(KINDS)
        sender = chance.randrange(len(NAMES))
        code = f"{number}/{'-'.join(filter(None, (short, chance.choice(OFFICES))))}"
        at = stamped(day, minute)
        self.put(
            "incoming",
            id=item,
            axis_id=f"in-{number}",
            message="edoc",
            sender=f"H37.{sender:02}",
            digest=f"{number:064x}",
            size=300_000,
            state="taken",
            document_id=f"doc-{number}",
            code=code,
            promulgated=(day - timedelta(days=1)).isoformat(),
            type=kind,
            subject=chance.choice(MATTERS),
            folder=f"in-{number}",
            fingerprint=f"{number:064x}",
            kind="new",
            status=chance.choice(("03", "04", "05", "06")),
            status_at=at + 86_400_000,
            arrival_number=str(number),
            arrival_date=day.isoformat(),
            arrival_unit=chance.choice(("Phòng Tổng hợp", "Phòng Kinh tế", "Nguyễn Văn An")),
            created=at,
            at=at,
        )
        due = (day + timedelta(days=chance.randint(3, 40))).isoformat()
        self.tell(item, author=NAMES[sender], due=chance.choice(("", due)))
        for event in ("received", "acknowledged", "delivered", "taken"):
            self.event(item, at, event)
        self.event(item, at + 7_200_000, "given", status="04")

    def tell(self, item, **fields):
        """Put what a register tells of a document."""
        known = {"author": "", "places": "[]", "copies": None, "due": ""}
        signer = self.random.choice(SIGNERS)
        self.put("particulars", item=item, signer=signer, pages=3, **(known | fields))

    def event(self, item, at, event, agency="", status="", note=""):
        """Put something that happened."""
        told = {"agency": agency, "status": status, "note": note, "chain": bytes(32)}
        self.put("events", item=item, at=at, event=event, **told)


def fill(path, documents, *, kind=Office):
    """Make a queue with a year of so many documents out, and as many in, by a kind of office."""
    Queue(path).close()
    days = list(working_days(YEAR))
    office = kind(path)
    with closing(office.db):
        for number in range(1, documents + 1):
            day, minute = days[(number - 1) * len(days) // documents], number % 3000
            office.send(number, day, minute)
            office.receive(number, day, minute)
            if number % 20_000 == 0:
                office.flush()
        office.flush()


def measured(command):
    """Run a command; return how long it took, and the most memory it held, in MB."""
    began = time.monotonic()
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def tell(line):
    """Print a line of the result."""
    print(line, flush=True)  # noqa: T201 - what it is for


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=840_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", default="", help="formats, with commas between them")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="registers-"))
    file = folder / "config.yaml"
    if not file.exists():
        folder.mkdir(exist_ok=True)
        office = {"code": US, "name": "Ủy ban nhân dân tỉnh Lạng Sơn"}
        axis = {"url": "http://127.0.0.1:9", "secret_file": str(folder / "secret")}
        file.write_text(starter(**office, **axis, data=folder / "data"), "utf-8")
    queue = load(file).folders.queue
    if not queue.exists():
        began = time.monotonic()
        queue.parent.mkdir(parents=True, exist_ok=True)
        fill(queue, options.documents)
        size = queue.stat().st_size / 1e9
        seconds = time.monotonic() - began
        tell(f"a queue of 2 x {options.documents} documents: {size:.1f} GB, {seconds:.0f} s")
    wanted = options.only.split(",") if options.only else ["csv", "xlsx", "html", "pdf"]
    for days in ((f"{YEAR}-11-01", f"{YEAR}-11-30"), (f"{YEAR}-01-01", f"{YEAR}-12-31")):
        for register in ("outgoing", "incoming", "follow-up"):
            for form in wanted:
                run(file, folder, register, days, form)
    if not options.keep:
        shutil.rmtree(folder)


def run(file, folder, register, days, form):
    """Write one register in one form and say what it took."""
    target = folder / "out" / f"{register}-{days[0]}.{form}"
    target.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "edge_node", "-c", str(file), "register", register]
    command += ["--from", days[0], "--to", days[1], "--format", form, "--force"]
    seconds, memory = measured([*command, "--output", str(target)])
    written = sum(each.stat().st_size for each in target.parent.glob(f"{target.stem}*{form}"))
    tell(
        f"{register:10} {days[0]} {form:5} {seconds:6.1f} s {memory:6.0f} MB"
        f" {written / 1e6:8.1f} MB written"
    )


if __name__ == "__main__":
    main()
