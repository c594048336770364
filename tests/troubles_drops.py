"""Broken situations of drops: receivers nobody knows, files that are too large, not there yet."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from subprocess import Popen
from types import SimpleNamespace

from dropping import a_sheet
from system_world import until
from troubles_stage import PEER, Asked, explained, linted, trouble

LETTER = Path(__file__).parent / "data/documents/pdf-1.7-qpdf-linearized.pdf"
STRANGER = 64_901  # an account nobody has here
GONE = "H37.08"  # taken over by the other agency
STRICT = {"lists": ["agencies"], "unknown": "refuse", "merged": "refuse"}
WRITING = (
    "import sys, time\n"
    "with open(sys.argv[1], 'ab', buffering=0) as file:\n"
    "    while file.write(b'%'):\n"
    "        time.sleep(0.05)\n"
)


def dropped(office, number, code=PEER):
    """Drop a document for an agency; return where it lies."""
    office.drop(number, SimpleNamespace(code=code), file=LETTER.read_bytes())
    return office.exchange / "outbox" / f"{number}-UBND-VP"


def informed(stage):
    """Set up an office whose directory is read, and that sends to nobody who is not in it."""
    office = stage.office(directory=STRICT)
    known = stage.folder / "agencies.csv"
    known.write_text(f"code,name,successor\n{GONE},Phòng Cũ,{PEER}\n")
    for arguments in (("agencies", "sync"), ("agencies", "import", known)):
        answer = office.command(*arguments)
        assert answer.returncode == 0, answer.stderr
    return office


@trouble(
    "receiver-unknown",
    en="A receiver is in no directory",
    vi="Nơi nhận không có trong danh mục",
    named=linted,
)
def receiver_unknown(stage):
    office = informed(stage)
    yield Asked(office=office, arguments=("lint", dropped(office, 12, "H37.90")))


@trouble(
    "receiver-merged",
    en="A receiver was merged into another agency",
    vi="Nơi nhận đã sáp nhập vào đơn vị khác",
    named=linted,
)
def receiver_merged(stage):
    office = informed(stage)
    yield Asked(office=office, arguments=("lint", dropped(office, 12, GONE)))


@trouble(
    "over-the-limit",
    en="A file is larger than the limit",
    vi="Tệp vượt quá dung lượng cho phép",
    named=linted,
)
def over_the_limit(stage):
    office = stage.office(limits={"attachment": "10KB", "package": "20KB"})
    yield Asked(office=office, arguments=("lint", dropped(office, 12)))


@trouble(
    "not-readable",
    en="A drop cannot be read",
    vi="Không đọc được tệp bàn giao",
    named=partial(explained, "waits"),
)
def not_readable(stage):
    office = stage.office()
    drop = dropped(office, 12)
    file = drop / "van-ban.pdf"
    os.chown(file, STRANGER, STRANGER)
    file.chmod(0o600)
    yield Asked(office=office, arguments=("explain", drop), bound=True)


@trouble(
    "sidecar-alone",
    en="A sheet lies there without its file",
    vi="Có phiếu mô tả mà không có tệp",
    named=partial(explained, "waits"),
)
def sidecar_alone(stage):
    office = stage.office()
    sheet = office.exchange / "outbox/12-UBND-VP.json"
    sheet.write_bytes(a_sheet("12-UBND-VP.pdf", number="12", to=[PEER]))
    yield Asked(office=office, arguments=("explain", sheet))


@trouble(
    "still-written",
    en="A file has been written to for an hour, and still is",
    vi="Tệp được ghi suốt một giờ và vẫn đang ghi",
    named=partial(explained, "waits"),
)
def still_written(stage):
    office = stage.office()
    drop = dropped(office, 12)
    file = drop / "van-ban.pdf"
    begun = file.stat().st_size
    writing = stage.ending.enter_context(Popen([sys.executable, "-c", WRITING, str(file)]))
    stage.ending.callback(writing.terminate)
    until(lambda: file.stat().st_size > begun)
    yield Asked(office=office, arguments=("explain", drop))
