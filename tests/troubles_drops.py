"""Broken situations of drops: receivers nobody knows, files that are too large, not there yet."""

from __future__ import annotations

import os
from functools import partial

from disk_image import disk_image, made_earlier, mounted
from dropping import a_sheet
from troubles_stage import PEER, Asked, dropped, explained, linted, trouble
from writers import writing_to

STRANGER = 64_901  # an account nobody has here
GONE = "H37.08"  # taken over by the other agency
HOUR = 3900.0  # seconds, and some more
AN_HOUR_OLD = ("", "/document.json", "/van-ban.pdf")
STRICT = {"lists": ["agencies"], "unknown": "refuse", "merged": "refuse"}


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
    home = stage.folder / "xa-mau"
    with disk_image(home, size="64M"):
        office = stage.office()
        drop = dropped(office, 12)
    earlier = (f"exchange/outbox/{drop.name}{name}" for name in AN_HOUR_OLD)
    made_earlier(home, *earlier, ago=HOUR)
    stage.ending.enter_context(mounted(home))
    file = drop / "van-ban.pdf"
    stage.ending.enter_context(writing_to(file))
    yield Asked(office=office, arguments=("explain", drop))
