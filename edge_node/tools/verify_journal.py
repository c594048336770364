"""
Verifies a journal that edge-node exported, or the excerpt in an evidence file, without edge-node.

    python3 verify_journal.py FILE [--head ID:CHAIN] [--extract FOLDER]

FILE is what `edge-node journal export` wrote, the `journal.jsonl` of an evidence file, or that
evidence file (ZIP) itself. `--head` compares with what a log or somebody else kept of a day: the
line "the journal is anchored" names an event and a chain. Where an older state of the data folder
was put back, an event "restored" says so, and such a head may be of the state before: that is
told, with how many events are missing, and is no fault. `--extract` writes the heads and their
time-stamps into a folder, to be verified by openssl.

Every event carries chain(n) = SHA-256(chain(n-1) + leaf(n)), chain(0) is 32 zero bytes, and
leaf(n) = SHA-256 of the JSON array [id, item, at, event, agency, status, note, said, actor, why]
in UTF-8 and without a space. Exit status: 0 all holds, 1 something is wrong, 2 cannot be read.

It does not verify who signed a time-stamp: it says by which command openssl does.
Only the standard library of Python 3.9 or newer is used. License: Apache-2.0.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zipfile
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, NoReturn

FORMAT: Final = "edge-node journal"
VERSION: Final = 1
RESTORED: Final = "restored"  # an event: from here on it is the journal of an older state
NOBODY_KNOWS: Final = "?"  # its status, where nobody knows how far the state before reached
BEGINNING: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - what is reckoned from it is UTC
IN_ZIP: Final = "journal.jsonl"
LONGEST: Final = 1 << 26  # bytes of one line
TOLD: Final = ("id", "item", "at", "event", "agency", "status", "note", "said", "actor", "why")
KEYS: Final = {
    "begins": ("format", "version", "kind", "agency", "item", "made", "after", "chain"),
    "event": (*TOLD, "chain"),
    "leaf": ("id", "leaf"),
    "head": ("head", "chain", "day", "at", "how", "token"),
    "jump": ("after", "chain"),
    "end": ("count", "head", "chain", "heads", "sha256"),
}
HASH: Final = re.compile(r"[0-9a-f]{64}")
HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}

# What a ZIP raises that was altered: a checksum, its compression, its end, a form nobody knows.
UNREADABLE: Final = (OSError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError)

Values = dict[str, Any]


class Wrong(Exception):
    """Something that does not hold: the line, and the sentence in Vietnamese and in English."""

    def __init__(self, line: int, vietnamese: str, english: str) -> None:
        """Keep all three."""
        super().__init__(english)
        self.line, self.vietnamese, self.english = line, vietnamese, english


class Verifier:
    """A walk through the lines of a file, in flat memory."""

    def __init__(self) -> None:
        """Stand before the first line."""
        self.line = 0
        self.sum = hashlib.sha256()
        self.header: Values = {}
        self.id, self.chain = 0, bytes(32)
        self.count = self.told = self.heads = self.stamped = 0
        self.covered = 0  # how many events a head stands behind
        self.ended = False
        self.needs_head = False  # where an excerpt goes on elsewhere, a head has to stand
        self.known: dict[int, set[str]] = {}  # chains by event: what others kept
        self.others: list[tuple[int, int]] = []  # events of which they kept another; and the lines
        self.restored: list[Values] = []  # events that say: from here on it is an older state
        self.kept: list[tuple[int, bytes, bytes]] = []  # heads with their tokens, if wanted
        self.keeps = False

    def walk(self, file: IO[bytes]) -> None:
        """Go through all lines; raises Wrong at the first that does not hold."""
        while raw := file.readline(LONGEST):
            self.line += 1
            if self.ended:
                self.wrong("có thêm dòng sau dòng cuối", "there is a line behind the last one")
            kind, values = self.read(raw)
            if (kind == "begins") != (self.line == 1):
                self.wrong(
                    "dòng đầu phải là dòng mở đầu, và chỉ dòng đầu",
                    "the opening line must come first, and once",
                )
            if self.needs_head and kind != "head":
                self.wrong(
                    f"đoạn bắt đầu sau sự kiện {self.id} không có mốc làm chứng",
                    f"no head vouches for where it goes on, behind event {self.id}",
                )
            self.needs_head = False
            getattr(self, f"see_{kind}")(values)
            self.sum.update(raw)
        self.line += 1
        if not self.ended:
            self.wrong(
                f"thiếu phần cuối: tệp bị cắt sau sự kiện {self.id}",
                f"the end is missing: the file is cut off behind event {self.id}",
            )
        self.demand_explained()

    def demand_explained(self) -> None:
        """Make sure that a head that is not of this journal is of a state it says was lost."""
        for event, line in self.others:
            self.line = line
            if not self.is_of_a_lost_state(event):
                self.wrong(
                    f"chuỗi tại sự kiện {event} khác với mốc đã lưu ở nơi khác",
                    f"the chain at event {event} is not the one kept elsewhere",
                )

    def is_of_a_lost_state(self, event: int) -> bool:
        """Tell whether an event may stand in the state that an older one was put in place of."""
        return any(
            each["id"] <= event and (each["status"] == NOBODY_KNOWS or event <= lost_of(each))
            for each in self.restored
        )

    def read(self, raw: bytes) -> tuple[str, Values]:
        """Return which kind of line it is, and its values."""
        try:
            text = raw.decode("utf-8")
            values = json.loads(text)
        except (ValueError, RecursionError):
            self.wrong("không đọc được dòng này", "this line cannot be read")
        keys = tuple(values) if isinstance(values, dict) else ()
        kind = next((kind for kind, known in KEYS.items() if known == keys), "")
        written = json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"
        if not kind or written != text:
            self.wrong("dòng không đúng dạng", "the line is not in the form it was written in")
        for key in ("chain", "leaf", "sha256"):
            if key in values and not HASH.fullmatch(str(values[key])):
                self.wrong(f"{key} không phải là mã băm", f"{key} is no hash")
        for key in ("id", "after", "head", "count", "heads"):
            if key in values and type(values[key]) is not int:
                self.wrong(f"{key} không phải là số", f"{key} is no number")
        return kind, values

    # ── a line of each kind ──────────────────────────────────────────────────────────────────

    def see_begins(self, values: Values) -> None:
        """Take note of what the file is."""
        if values["format"] != FORMAT or values["version"] != VERSION:
            self.wrong(
                f"không phải nhật ký edge-node phiên bản {VERSION}",
                f"this is no journal of edge-node of version {VERSION}",
            )
        if values["kind"] not in {"export", "excerpt"}:
            self.wrong("không rõ loại tệp", "no such kind of file")
        self.header = values
        self.id, self.chain = values["after"], bytes.fromhex(values["chain"])
        self.demand_beginning()

    def see_jump(self, values: Values) -> None:
        """Go on elsewhere, as an excerpt may."""
        if self.header["kind"] != "excerpt" or values["after"] <= self.id:
            self.wrong(
                f"nhật ký đứt quãng sau sự kiện {self.id}",
                f"the journal breaks off behind event {self.id}",
            )
        self.id, self.chain = values["after"], bytes.fromhex(values["chain"])
        self.demand_beginning()

    def demand_beginning(self) -> None:
        """Make sure that what comes first of all begins with zeros, and else that a head does."""
        if self.id == 0 and self.chain != bytes(32):
            self.wrong("chuỗi phải bắt đầu bằng số 0", "the chain must begin with zeros")
        self.needs_head = self.header["kind"] == "excerpt" and self.id > 0

    def see_event(self, values: Values) -> None:
        """Reckon the chain behind an event that is told in full."""
        words = json.dumps(
            [values[key] for key in TOLD], ensure_ascii=False, separators=(",", ":")
        )
        self.go_on(values["id"], hashlib.sha256(words.encode()).digest())
        if self.chain.hex() != values["chain"]:
            self.wrong(
                f"sự kiện {self.id} đã bị sửa, hoặc không nối tiếp sự kiện ngay trước nó",
                f"event {self.id} was altered, or does not follow the one before it",
            )
        self.told += 1
        if values["event"] == RESTORED:
            self.restored.append(values)

    def see_leaf(self, values: Values) -> None:
        """Reckon the chain behind an event that only its hash stands for."""
        if self.header["kind"] != "excerpt":
            self.wrong(
                f"thiếu nội dung sự kiện {values['id']}", f"event {values['id']} is not told"
            )
        self.go_on(values["id"], bytes.fromhex(values["leaf"]))

    def go_on(self, event: int, leaf: bytes) -> None:
        """Go on by one event."""
        due = self.id + 1
        if event != due:
            self.wrong(
                f"phải là sự kiện {due}, lại là {event}: có dòng bị xóa, chèn thêm hoặc đổi chỗ",
                f"event {due} is due and here is {event}: a line is gone, put in or moved",
            )
        self.id, self.chain = event, hashlib.sha256(self.chain + leaf).digest()
        self.count += 1
        if self.known.pop(event, set()) - {self.chain.hex()}:
            self.others.append((event, self.line))

    def see_head(self, values: Values) -> None:
        """Compare a head with the chain, and its time-stamp with the head."""
        if values["head"] != self.id or values["chain"] != self.chain.hex():
            self.wrong(
                f"mốc của sự kiện {values['head']} không khớp với chuỗi tại sự kiện {self.id}",
                f"the head of event {values['head']} is not the chain at event {self.id}",
            )
        self.heads += 1
        self.covered = self.count
        if values["token"] is None:
            return
        try:
            token = base64.b64decode(values["token"], validate=True)
            hashed, imprint = imprint_of(token)
        except (binascii.Error, ValueError, TypeError, IndexError):
            self.wrong("không đọc được dấu thời gian", "the time-stamp cannot be read")
        if hashlib.new(hashed, self.chain).digest() != imprint:
            self.wrong(
                f"dấu thời gian không phải của mốc tại sự kiện {self.id}",
                f"the time-stamp is not of the head at event {self.id}",
            )
        self.stamped += 1
        if self.keeps:
            self.kept.append((self.id, self.chain, token))

    def see_end(self, values: Values) -> None:
        """Compare what the last line says with what there was."""
        if (values["count"], values["head"], values["chain"], values["heads"]) != (
            self.count,
            self.id,
            self.chain.hex(),
            self.heads,
        ):
            self.wrong(
                f"dòng cuối nói {values['count']} sự kiện đến số {values['head']} và"
                f" {values['heads']} mốc; trong tệp có {self.count} sự kiện đến số {self.id} và"
                f" {self.heads} mốc",
                f"the last line says {values['count']} events up to {values['head']} and"
                f" {values['heads']} heads; the file has {self.count} up to {self.id} and"
                f" {self.heads} heads",
            )
        if values["sha256"] != self.sum.hexdigest():
            self.wrong(
                "một dòng ngoài chuỗi (dòng đầu hoặc một mốc) đã bị sửa:"
                " mã băm của tệp không khớp",
                "a line outside of the chain (the first or a head) was altered:"
                " the hash of the file is another",
            )
        self.ended = True

    def wrong(self, vietnamese: str, english: str) -> NoReturn:
        """Say that the line at hand does not hold."""
        raise Wrong(self.line, vietnamese, english)


# ── time-stamps ──────────────────────────────────────────────────────────────────────────────


def imprint_of(token: bytes) -> tuple[str, bytes]:
    """Return the hash function of a time-stamp (RFC 3161), and the hash; ValueError."""
    _, signed = children(children(token)[0][1])[1]  # ContentInfo: type, [0] content
    encapsulated = children(children(signed)[0][1])[2][1]  # SignedData: version, digests, content
    told = children(children(children(encapsulated)[1][1])[0][1])[0][1]  # OCTET STRING: TSTInfo
    algorithm, imprint = children(children(told)[2][1])  # version, policy, messageImprint
    hashed = HASHES.get(dotted(children(algorithm[1])[0][1]), "")
    if not hashed:
        raise ValueError(hashed)
    return hashed, imprint[1]


def children(content: bytes) -> list[tuple[int, bytes]]:
    """Return tag and content of each DER value in a row; ValueError where it is none."""
    found, at = [], 0
    while at < len(content):
        tag, length, at = content[at], content[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(content[at : at + size], "big"), at + size
        if at + length > len(content):
            raise ValueError(at)
        found.append((tag, content[at : at + length]))
        at += length
    return found


def dotted(content: bytes) -> str:
    """Return an object identifier as it is written."""
    numbers, value = [content[0] // 40, content[0] % 40], 0
    for octet in content[1:]:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    # The first two numbers share an octet; below 2. the second may be larger than 39.
    if numbers[0] > 2:  # noqa: PLR2004 - there are 0, 1 and 2
        numbers[:2] = [2, content[0] - 80]
    return ".".join(map(str, numbers))


# ── the command ──────────────────────────────────────────────────────────────────────────────


def main(arguments: list[str] | None = None) -> int:
    """Verify a file and say what came of it; return the exit status."""
    asked = parsed(arguments)
    verifier = Verifier()
    for event, chain in asked.head:  # of one event two may be given: one of the state before
        verifier.known.setdefault(event, set()).add(chain)
    verifier.keeps = asked.extract is not None
    try:
        with opened(asked.file) as file:
            verifier.walk(file)
    except Wrong as wrong:
        put(f"SAI: dòng {wrong.line}: {wrong.vietnamese}.")
        put(f"WRONG: line {wrong.line}: {wrong.english}.")
        return 1
    except UNREADABLE as error:
        put(f"KHÔNG ĐỌC ĐƯỢC: {asked.file}: {error}")
        put(f"UNREADABLE: {asked.file}: {error}")
        return 2
    unknown = [event for event in verifier.known if not verifier.is_of_a_lost_state(event)]
    if unknown:
        events = ", ".join(map(str, sorted(unknown)))
        put(f"SAI: không có sự kiện {events} để so sánh với mốc đã cho.")
        put(f"WRONG: event {events}, which a head was given for, is not in the file.")
        return 1
    tell(verifier)
    if asked.extract is not None:
        extract(verifier, asked.extract)
    return 0


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--head", type=a_head, action="append", default=[], metavar="ID:CHAIN")
    parser.add_argument("--extract", type=Path, metavar="FOLDER")
    return parser.parse_args(arguments)


def a_head(text: str) -> tuple[int, str]:
    """Return a head as a person writes it: `120:9f86d0…`."""
    event, _, chain = text.partition(":")
    if not HASH.fullmatch(chain.lower()):
        raise argparse.ArgumentTypeError(text)
    return int(event), chain.lower()


def opened(path: Path) -> IO[bytes]:
    """Open a journal, also within an evidence file."""
    if not zipfile.is_zipfile(path):
        return path.open("rb")
    with zipfile.ZipFile(path) as archive:
        return archive.open(IN_ZIP)


def tell(verifier: Verifier) -> None:
    """Say what holds, and what nobody has verified here."""
    agency, item = verifier.header["agency"], verifier.header["item"]
    count, chain = verifier.count, verifier.chain.hex()
    loose = verifier.count - verifier.covered
    put(f"ĐÚNG: {agency} {item}: chuỗi khớp qua {count} sự kiện, {verifier.told} có nội dung.")
    put(f"GOOD: {agency} {item}: the chain holds over {count} events, {verifier.told} told whole.")
    put(f"  {verifier.id}:{chain}")
    if loose:
        put(f"  {loose} sự kiện cuối chưa có mốc nào làm chứng.")
        put(f"  No head vouches for the last {loose} events yet.")
    put(f"  Mốc: {verifier.heads}, có dấu thời gian: {verifier.stamped}.")
    put(f"  Heads: {verifier.heads}, with a time-stamp: {verifier.stamped}.")
    for each in verifier.restored:
        tell_restored(each)
    put("CHƯA KIỂM TRA: mốc có đúng như đã ghi ở nơi khác không (nhật ký hệ thống: --head).")
    put("NOT VERIFIED: whether the heads are those said elsewhere (syslog: --head ID:CHAIN).")
    if verifier.stamped:
        put("CHƯA KIỂM TRA: chữ ký của dấu thời gian. Tách ra bằng --extract FOLDER, rồi:")
        put("NOT VERIFIED: who signed the time-stamps. Write them out by --extract FOLDER, then:")
        put("  openssl ts -verify -data head-N.bin -in head-N.tst -token_in -CAfile ROOTS.pem")


def lost_of(values: Values) -> int:
    """Return the last event known of the state that was lost; 0 where none is."""
    found = re.match("[0-9]{1,18}", str(values["status"]))
    return int(found[0]) if found else 0


def tell_restored(values: Values) -> None:
    """Say where the journal goes on as that of an older state, and how much is missing."""
    event, who = values["id"], values["actor"] or "edge-node"
    count = str(max(0, lost_of(values) - event + 1))
    if values["status"] == NOBODY_KNOWS:
        count = "?"
    put(f"ĐÃ KHÔI PHỤC từ sự kiện {event} ({when(values['at'])}, do {who} ghi lại): bản trước đó")
    put(f"  có ít nhất {count} sự kiện không còn trong nhật ký này.")
    put(f"RESTORED at event {event} ({when(values['at'])}, noted by {who}): of the state before,")
    put(f"  at least {count} events are missing in this journal.")


def when(milliseconds: object) -> str:
    """Return a moment as people read it, in UTC."""
    try:
        return f"{BEGINNING + timedelta(milliseconds=int(str(milliseconds))):%Y-%m-%d %H:%MZ}"
    except (ValueError, OverflowError):
        return str(milliseconds)


def extract(verifier: Verifier, folder: Path) -> None:
    """Write each head and its time-stamp into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for event, chain, token in verifier.kept:
        (folder / f"head-{event}.bin").write_bytes(chain)
        (folder / f"head-{event}.tst").write_bytes(token)


def put(words: str) -> None:
    """Write a line to stdout, whatever letters the terminal knows."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(words.encode(encoding, "replace").decode(encoding) + "\n")


if __name__ == "__main__":
    sys.exit(main())
