"""The command `register`: which file it writes, what it refuses, how it says so."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders import OTHERS, T0, THEM, US, a_document, a_new_document
from confined import small_disk
from system_world import edge_node, environment, on_a_terminal

from edge_node.adapters.queue import Queue
from edge_node.adapters.registers import Registers
from edge_node.cli.registers import Book, Format
from edge_node.config import load, starter
from edge_node.domain.register import Days, Register, Volume

NOVEMBER = ("--from", "2026-11-01", "--to", "30/11/2026")
USUAL = "so-van-ban-di_2026-11-01_2026-11-30.xlsx"


class Office:
    """An agency that sent three documents, and the folder somebody works in."""

    def __init__(self, home):
        """Make its configuration and its queue."""
        self.config = home / "config.yaml"
        known = {"code": US, "name": "Sở Nội vụ", "url": "http://127.0.0.1:9"}
        secret = str(home / "secret")
        self.config.write_text(starter(**known, secret_file=secret, data=home / "data"), "utf-8")
        self.here = home / "here"
        self.here.mkdir()
        self.queue_file = load(self.config).folders.queue

    def works(self):
        """Have three documents taken in."""
        self.queue_file.parent.mkdir(parents=True)
        queue = Queue(self.queue_file)
        for number, to in (("1", (THEM,)), ("2", (THEM, OTHERS)), ("10", (OTHERS,))):
            document = a_document(number, to=to)
            queue.outgoing.add(a_new_document(f"o{number:>09}", document=document), now=T0)
        queue.close()
        return self

    def run(self, *arguments):
        """Ask for the register of outgoing documents of November, where nothing else is said."""
        return edge_node("-c", self.config, "register", *(arguments or ("outgoing", *NOVEMBER)))

    def names(self):
        """Return what lies where somebody works; nothing hidden may remain."""
        return sorted(path.name for path in self.here.iterdir())


@pytest.fixture
def office(tmp_path, monkeypatch):
    office = Office(tmp_path)
    monkeypatch.chdir(office.here)
    return office.works()


def test_a_register_is_a_workbook_in_the_folder_one_works_in(office):
    """Named after the register and its days; readable by whoever may read the node's files."""
    answer = office.run()
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"{USUAL}: 3 documents\n"
    assert office.names() == [USUAL]

    (sheet,) = openpyxl.load_workbook(USUAL).worksheets
    assert sheet["A1"].value == "SỞ NỘI VỤ"
    assert [sheet.cell(row, 1).value for row in (6, 7, 8)] == [
        *("1/UBND-VP", "2/UBND-VP", "10/UBND-VP"),
    ]
    assert stat.S_IMODE(Path(USUAL).stat().st_mode) == 0o640


def test_what_is_there_is_not_overwritten_unasked(office):
    """The older file stays as it was; --force takes its place."""
    Path(USUAL).write_text("mine")
    answer = office.run()
    assert answer.returncode == 1
    assert answer.stderr == (
        f"edge-node: {USUAL} is there already\n"
        "hint: --force overwrites it, --output PATH writes elsewhere\n"
    )
    assert Path(USUAL).read_text() == "mine"

    assert office.run("outgoing", *NOVEMBER, "--force").returncode == 0
    assert Path(USUAL).read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("form", Format)
def test_a_register_is_written_in_each_form_by_the_name_of_its_file(office, form):
    """The ending says which; each is whole, and nothing else is left beside it."""
    answer = office.run("outgoing", *NOVEMBER, "-o", f"mine.{form.upper()}")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert office.names() == [f"mine.{form.upper()}"]
    begins = {"xlsx": b"PK", "pdf": b"%PDF-1.", "csv": b"\xef\xbb\xbf", "html": b"<!DOCTYPE html>"}
    assert Path(f"mine.{form.upper()}").read_bytes().startswith(begins[form])


def test_a_folder_as_the_place_keeps_the_usual_name(office):
    """So that a script may name the folder alone."""
    Path("registers").mkdir()
    office.run("incoming", *NOVEMBER, "-f", "pdf", "--output", "registers")
    office.run("follow-up", *NOVEMBER, "-f", "html", "--output", "registers")
    assert sorted(path.name for path in Path("registers").iterdir()) == [
        "so-theo-doi-giai-quyet-van-ban-den_2026-11-01_2026-11-30.html",
        "so-van-ban-den_2026-11-01_2026-11-30.pdf",
    ]


def test_texts_may_go_to_stdout_and_nothing_else_may(office):
    """As CSV for a pipe; a workbook on a terminal is nothing to look at."""
    answer = office.run("outgoing", *NOVEMBER, "--format", "csv", "--output", "-")
    _, *lines = csv.reader(io.StringIO(answer.stdout))
    assert [line[0] for line in lines] == ["1/UBND-VP", "2/UBND-VP", "10/UBND-VP"]
    answer = office.run("outgoing", *NOVEMBER, "--output", "-")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("edge-node: xlsx is not written to stdout\nhint: ")
    assert office.names() == []


def test_programs_get_a_line_of_json_for_each_row(office):
    """By the names of the values, days as ISO 8601 has them."""
    answer = office.run("outgoing", *NOVEMBER, "--json")
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [row["code"] for row in rows] == ["1/UBND-VP", "2/UBND-VP", "10/UBND-VP"]
    assert (rows[0]["promulgated"], rows[0]["sent"]) == ("2026-11-21", None)
    assert office.names() == []


@pytest.mark.parametrize("form", ["xlsx", "pdf", "csv", "html"])
def test_where_the_disk_is_full_there_is_no_register_and_a_cure(office, form):
    """Not half of one, and no word of a library's."""
    with small_disk(Path("full"), size="16k") as full:
        (full / "others").write_bytes(bytes(16 << 10))
        answer = office.run("outgoing", *NOVEMBER, "-f", form, "-o", full)
        assert answer.returncode == 1
        assert re.fullmatch(
            r"edge-node: no room left for .*: No space left on device\n"
            r"hint: free space on that file system or raise the quota\n",
            answer.stderr,
        )
        assert [path.name for path in full.iterdir()] == ["others"]


def test_a_device_is_not_overwritten_whatever_is_said(office):
    """With --force it would be gone from the machine."""
    os.mkfifo("pipe")
    answer = office.run("outgoing", *NOVEMBER, "-f", "csv", "--force", "-o", "pipe")
    assert (answer.returncode, Path("pipe").is_fifo()) == (1, True)
    assert answer.stderr == (
        "edge-node: pipe is there, and no file\n"
        "hint: --output PATH writes elsewhere, --output - to stdout\n"
    )


WRONG = [
    (("outgoing", "--from", "2026-02-30", "--to", "2026-11-30"), 2, "--from: not a day: '2026-0"),
    (("outgoing", "--from", "2026-11-01", "--to", "heute"), 2, "--to: not a day: 'heute'"),
    (("outgoing", "--from", "2026-11-02", "--to", "2026-11-01"), 1, "before it begins"),
    (("outgoing", "--from", "2026-11-02"), 2, "missing option '--to'"),
    (("other", *NOVEMBER), 2, "invalid value for 'REGISTER': 'other' is not one of"),
    (("outgoing", *NOVEMBER, "-f", "docx"), 2, "'docx' is not one of"),
    (("outgoing", *NOVEMBER, "-o", "nowhere/a.csv"), 1, "the folder nowhere is not there"),
    (("outgoing", *NOVEMBER, "-o", "a.docx"), 1, "nothing is written as .docx: a.docx"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_what_goes_wrong_is_said_and_nothing_is_written(office, arguments, code, words):
    """Two lines on stderr; exit 2 where the command line is at fault."""
    answer = office.run(*arguments)
    assert (answer.returncode, answer.stdout) == (code, "")
    complaint, hint = answer.stderr.splitlines()
    assert words in complaint
    assert hint.startswith("hint: ")
    assert office.names() == []


def test_where_no_node_has_worked_there_is_no_register(tmp_path):
    """And asking for one makes no queue."""
    office = Office(tmp_path)
    answer = office.run()
    assert answer.returncode == 1
    assert "no node has worked in" in answer.stderr
    assert not office.queue_file.parent.exists()


def test_a_pdf_nobody_could_open_is_one_for_each_month(office, capsys):
    """Months without any document have none; each file has its month in its name."""
    queue = Queue(office.queue_file)
    for number, day in ((20, date(2026, 9, 30)), (21, date(2026, 12, 1))):
        document = a_document(str(number), promulgated=day)
        queue.outgoing.add(a_new_document(f"o{number:>09}", document=document), now=T0)
    year = Days(first=date(2026, 1, 1), last=date(2026, 12, 31))
    volume = Volume(agency="A", register=Register.OUTGOING, days=year)

    def parts(longest, form=Format.PDF, output=None):
        book = Book(Registers(queue.file), now=T0, longest=longest)
        return [(part.days.name, str(path)) for part, path in book.parts(volume, form, output)]

    assert parts(4) == [
        ("2026-09-01_2026-09-30", "so-van-ban-di_2026-09-01_2026-09-30.pdf"),
        ("2026-11-01_2026-11-30", "so-van-ban-di_2026-11-01_2026-11-30.pdf"),
        ("2026-12-01_2026-12-31", "so-van-ban-di_2026-12-01_2026-12-31.pdf"),
    ]
    assert "one file for each month" in capsys.readouterr().err
    assert [path for _, path in parts(4, output=Path("all.pdf"))] == [
        *("all_2026-09.pdf", "all_2026-11.pdf", "all_2026-12.pdf"),
    ]
    assert len(parts(5)) == len(parts(4, form=Format.CSV)) == 1
    queue.close()


def test_on_a_terminal_only_the_result_remains(office):
    """What is told meanwhile is wiped away."""
    lines = on_a_terminal("-c", office.config, "register", "outgoing", *NOVEMBER)
    assert lines[-1].endswith(f"{USUAL}: 3 documents")


def test_no_other_command_loads_what_draws_registers():
    """Tables and fonts cost a tenth of a second each; the daemon and `status` have no use."""
    asked = "import sys, edge_node.cli.app, edge_node.daemon.running; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", asked],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert not {"reportlab", "xlsxwriter"} & set(answer.stdout.split())
