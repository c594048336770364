"""The command `report`, and the report a node makes by itself once a month."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import needs
import openpyxl
import pytest
from builders import HOUR, a_document, a_new_document
from confined import small_disk
from system_world import Office

from edge_node.config import load
from edge_node.daemon.monthly import report_month
from edge_node.domain.envelope import MessageType
from edge_node.domain.lifecycle import SendingEvent
from edge_node.node import Node

BEGUN = datetime(2026, 10, 5, 2, 0, tzinfo=UTC)
AS_OF = "2026-12-01T07:00"
FORMATS = ("xlsx", "pdf", "html", "json")


def an_office(home, **sections):
    """Set up a node that has sent three documents in October and two in November of 2026."""
    office = Office(home / "office", "H98.77", {"language": "en"} | sections)
    office.home.mkdir()
    office.secret = home / "secret"
    office.configure(url="http://127.0.0.1:9")
    with a_node(office) as node:
        node.set_up()
        for number, days in enumerate((0, 1, 2, 30, 31)):
            send(node.queue.outgoing, number, BEGUN + timedelta(days=days))
    return office


def a_node(office, now=BEGUN, command=()):
    node = Node(config=load(office.config), clock=lambda: now, command=command)
    return Closing(node)


class Closing:
    """A node that is closed at the end of a block."""

    def __init__(self, node):
        """Be about that node."""
        self.node = node

    def __enter__(self):
        """Give the node."""
        return self.node

    def __exit__(self, *_):
        """Close it."""
        self.node.close()


def send(queue, number, at):
    document = a_document(str(number), promulgated=at.date())
    queue.add(a_new_document(f"o{number:09}", document=document), now=at)
    claim, _ = queue.claim(MessageType.DOCUMENT, now=at, lease=HOUR)
    queue.settle(claim, SendingEvent.ACCEPTED, now=at)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    return an_office(tmp_path_factory.mktemp("report"))


# ── the command ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("period", "total"), [("2026-10", 3), ("2026-11", 2), ("2026-q4", 5), ("2026", 5), ("2025", 0)]
)
def test_programs_read_a_report_from_stdout(office, period, total):
    """A month, a quarter, a year; one in which nothing happened is a report as well."""
    (told,) = [json.loads(office.command("report", "-p", period, "--json").stdout)]

    assert told["sent"]["total"] == total
    assert told["period"] == period.upper()


def test_a_report_is_written_where_it_is_asked_for(office, tmp_path):
    """Into a folder under a name of its own, or under the name that is given; its end tells."""
    answer = office.command("report", "-p", "2026-10", "-o", tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"{tmp_path}/report-2026-10.xlsx: 3 sent, 0 received\n"
    office.command("report", "-p", "2026", "-o", tmp_path / "year.pdf")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["report-2026-10.xlsx", "year.pdf"]
    assert (tmp_path / "year.pdf").read_bytes().startswith(b"%PDF")


def test_no_workbook_hides_behind_another_ending(office, tmp_path):
    """What is called a.csv is opened as one; the format that is named may be called anything."""
    path = tmp_path / "a.csv"
    refused = office.command("report", "-p", "2026-10", "-o", path)
    assert (refused.returncode, path.exists()) == (1, False)
    assert refused.stderr == (
        f"edge-node: nothing is written as .csv: {path}\n"
        "hint: --format FORMAT, or a name that ends in .xlsx, .pdf, .html, .json\n"
    )
    assert office.command("report", "-p", "2026-10", "-f", "json", "-o", path).returncode == 0


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_where_the_disk_is_full_there_is_no_report_and_a_cure(office, tmp_path, form):
    """Not half of one, and no word of a library's."""
    with small_disk(tmp_path / "full", size="16k") as full:
        (full / "others").write_bytes(bytes(16 << 10))
        answer = office.command("report", "-p", "2026-10", "-f", form, "-o", full)
        assert answer.returncode == 1
        assert re.fullmatch(
            r"edge-node: no room left for .*: No space left on device\n"
            r"hint: free space on that file system or raise the quota\n",
            answer.stderr,
        )
        assert [path.name for path in full.iterdir()] == ["others"]


def test_what_is_there_is_not_overwritten_unasked(office, tmp_path):
    """The hint says how to."""
    path = tmp_path / "a.html"
    path.write_text("mine")
    refused = office.command("report", "-p", "2026-10", "-o", path)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert path.read_text() == "mine"

    assert office.command("report", "-p", "2026-10", "-o", path, "--force").returncode == 0
    assert path.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("form", FORMATS)
def test_two_runs_give_the_same_bytes(office, tmp_path, form):
    """As of the same moment, in two processes, in each format."""
    paths = [tmp_path / f"{number}.{form}" for number in range(2)]
    for path in paths:
        office.command("report", "-p", "2026-Q4", "--as-of", AS_OF, "-o", path)
    first, second = (path.read_bytes() for path in paths)

    assert first == second != b""


def test_it_speaks_the_language_that_is_asked_for(office):
    """As configured where nothing is said; what a reader aloud goes by says so, too."""
    asked = ("report", "-p", "2026-10", "-f", "html", "-o", "-")
    vietnamese = office.command(*asked, "--language", "vi").stdout
    english = office.command(*asked).stdout

    assert '<html lang="vi">' in vietnamese
    assert '<html lang="en">' in english
    assert "Report on electronic documents" in english


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("-p", "2026-13"), 1, "2026-Q4"),
        (("-p", "2026", "-o", "-"), 1, "xlsx is not written to stdout"),
        (("-p", "2026", "--as-of", "yesterday"), 2, "2026-12-01T07:00"),
        ((), 2, "--period"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(office, words, status, said):
    """Nothing is written."""
    answer = office.command("report", *words)

    assert (answer.returncode, answer.stdout) == (status, "")
    assert said in answer.stderr


def test_where_no_node_has_worked_there_is_nothing_to_report(tmp_path):
    """And no queue is made by asking."""
    office = Office(tmp_path / "new", "H98.78")
    office.home.mkdir()
    office.secret = tmp_path / "secret"
    office.configure(url="http://127.0.0.1:9")
    answer = office.command("report", "-p", "2026")

    assert answer.returncode == 1
    assert "no node has worked" in answer.stderr
    assert not (office.home / "data").exists()


def test_a_workbook_opens_with_a_sheet_for_each_part(office, tmp_path):
    """Its numbers are numbers, and the charts are its own."""
    path = tmp_path / "a.xlsx"
    office.command("report", "-p", "2026-10", "--language", "en", "-o", path)
    book = openpyxl.load_workbook(path)

    assert book.sheetnames == [
        "Summary",
        "By type and urgency",
        "By unit",
        "By day",
        "Times and deadlines",
        "Refusals",
    ]
    by_day = {row[0].value: row[1].value for row in book["By day"].iter_rows(min_row=7)}
    assert by_day[datetime(2026, 10, 5)] == 1  # noqa: DTZ001 - a workbook knows no zones
    with zipfile.ZipFile(path) as parts:
        assert len([name for name in parts.namelist() if name.startswith("xl/charts/")]) == 4


def test_every_font_of_a_pdf_is_embedded(office, tmp_path):
    """What is printed elsewhere looks the same, and its text can be found."""
    needs.program("pdffonts", "poppler-utils")
    path = tmp_path / "a.pdf"
    office.command("report", "-p", "2026-10", "-o", path)
    fonts, text = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in (["pdffonts", path], ["pdftotext", path, "-"])
    )

    lines = fonts.splitlines()[2:]
    assert lines
    assert all("LiberationSerif" in line for line in lines)
    assert all(line.split()[-5] == "yes" for line in lines)
    assert "ĐƠN VỊ H98.77" in text


# ── once a month ─────────────────────────────────────────────────────────────────────────────


def made(office):
    folder = office.exchange / "reports"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def look(office, now, command=(sys.executable, "-m", "edge_node")):
    """Let the node see at a moment whether a report is due."""
    words = (*command, "-c", str(office.config)) if command else ()
    with a_node(office, datetime.fromisoformat(f"{now}+07:00"), words) as node:
        report_month(node)


def test_the_report_of_a_month_is_made_once(tmp_path):
    """On the first working day after it, readable to whoever shares the folder."""
    office = an_office(tmp_path, reports={"formats": ["json", "pdf"]})
    look(office, "2026-11-01T12:00")
    assert made(office) == []
    look(office, "2026-11-02T07:00")
    assert made(office) == ["report-2026-10.json", "report-2026-10.pdf"]

    path = office.exchange / "reports" / "report-2026-10.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o2750
    assert json.loads(path.read_bytes())["sent"]["total"] == 3
    path.unlink()
    look(office, "2026-11-03T07:00")
    assert made(office) == ["report-2026-10.pdf"]
    look(office, "2026-12-01T07:00")
    assert "report-2026-11.json" in made(office)


def test_months_nobody_was_there_are_made_up_for(tmp_path):
    """One at each look, in order."""
    office = an_office(tmp_path, reports={"formats": ["json"]})
    look(office, "2026-11-02T07:00")
    for _ in range(4):
        look(office, "2027-02-15T07:00")

    months = ("2026-10", "2026-11", "2026-12", "2027-01")
    assert made(office) == [f"report-{month}.json" for month in months]


@pytest.mark.parametrize("reports", [{"monthly": False}, {}])
def test_what_nobody_wants_is_not_made(tmp_path, reports):
    """Nor where nobody could make it apart from the node."""
    office = an_office(tmp_path, reports=reports)
    command = (sys.executable, "-m", "edge_node") if reports else ()
    look(office, "2026-11-02T07:00", command)

    assert made(office) == []


def test_one_that_fails_is_made_at_the_next_look(tmp_path):
    """Where the share is away no folder is made in its place, and nothing counts as done."""
    office = an_office(tmp_path, reports={"formats": ["json"]})
    away = office.exchange.rename(tmp_path / "away")
    look(office, "2026-11-02T07:00")
    assert not office.exchange.exists()

    away.rename(office.exchange)
    look(office, "2026-11-02T07:10")
    assert made(office) == ["report-2026-10.json"]


def test_a_folder_of_its_own_may_be_named(tmp_path):
    """Elsewhere, for people who do not see the exchange folder."""
    office = an_office(
        tmp_path, reports={"folder": str(tmp_path / "for-people"), "formats": ["json"]}
    )
    look(office, "2026-11-02T07:00")

    assert [path.name for path in (tmp_path / "for-people").iterdir()] == ["report-2026-10.json"]
    assert made(office) == []
