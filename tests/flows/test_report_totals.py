"""A report of a month two nodes exchanged documents in, against a count over what lies there."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import timedelta

import pytest
from flows_world import a_sheet
from signing_world import an_agency

from edge_node.config import IncomingSection
from edge_node.domain.language import Language
from edge_node.domain.period import Period, month_before
from edge_node.domain.report_parts import ReportFormat
from edge_node.domain.signing import DoorAction
from edge_node.node.reporting import Reporting

TYPES = ("Công văn", "Công văn", "Quyết định", "Giấy mời", "công văn")
PRIORITIES = ("thường", "thường", "khẩn", "thượng khẩn", "hỏa tốc")
LEVELS = {"thường": 0, "khẩn": 1, "thượng khẩn": 2, "hỏa tốc": 3}
REASONS = ("WRONG_RECIPIENT", "FORMAT_RULES", "WRONG_RECIPIENT")


class Month:
    """Three agencies, and forty documents between them: some signed, some urgent, some refused."""

    def __init__(self, world, pki, letters):
        """Send, receive, and say of what came how it stands; nothing is counted meanwhile."""
        self.letters = letters
        self.ours = an_agency(world, pki)
        strict = {"incoming": IncomingSection(unsigned=DoorAction.REFUSE)}
        self.strict, self.lenient = an_agency(world, pki, door=strict), an_agency(world, pki)
        self.desks = (self.ours, self.strict, self.lenient)
        # Whatever day it is, all that happens here happens in these three months.
        last = month_before(self.ours.now)
        self.period = Period(first=last.first, months=3)
        for number in range(32):
            self.send(number)
        self.drop(self.ours, "broken", "broken", self.lenient)  # of which nothing leaves
        for number in range(8):
            sender = (self.strict, self.lenient)[number % 2]
            self.drop(sender, f"in-{number}", "signed" if number % 4 else "plain", self.ours)
        self.turn()
        self.answer()
        self.turn()

    def send(self, number):
        """Drop a document to one receiver or two; every eighth of them days after its date."""
        receivers = ((self.lenient,), (self.strict,), (self.strict, self.lenient))[number % 3]
        kind = "signed" if number % 4 else "plain"
        day = self.ours.now.date() - timedelta(days=6 * (number % 8 == 0))
        self.drop(
            self.ours,
            f"out-{number}",
            kind,
            *receivers,
            type=TYPES[number % 5],
            priority=PRIORITIES[number % 5],
            paper=number % 6 == 0,
            date=day.isoformat(),
        )

    def drop(self, desk, name, kind, *receivers, **sheet):
        """Drop a letter that is signed so."""
        files = {"a.pdf": self.letters[kind]}
        codes = [each.code for each in receivers]
        known = {"date": desk.now.date().isoformat(), "number": name} | sheet
        desk.drop(name, files, **a_sheet("a.pdf", to=codes, **known))

    def turn(self):
        """Let everybody do what there is to do."""
        for _ in range(3):
            for desk in self.desks:
                desk.later(minutes=1)
                desk.turn()

    def answer(self):
        """Report 03 of most of what came, 06 of some, and refuse a few, as software would."""
        for number, letter in enumerate(self.lenient.letters()):
            said = {"status": ("03", "06", "03")[number % 3]}
            if number % 9 == 4:
                said = {"status": "02", "reason_code": REASONS[number % 3]}
            self.lenient.report(f"{number}.json", id=letter["id"], note="x", **said)

    # ── counted by walking through folders ───────────────────────────────────────────────────

    def sheets(self, desk):
        """Return what lies in sent/: the order, the file, and how it stands at its receivers."""
        for path in sorted(desk.exchange.glob("sent/*/*/*/*/document.json")):
            status = json.loads((path.parent / "status.json").read_bytes())
            yield json.loads(path.read_bytes()), (path.parent / "a.pdf").read_bytes(), status

    def heard(self, desk, status):
        """Return the receipts a desk has of a status."""
        return [told for told in desk.receipts() if told.get("status") == status]


@pytest.fixture(scope="module")
def month(everybody, pki, letters):
    yield Month(everybody, pki, letters)
    everybody.close()


def report(month, desk, as_of=None):
    """Return what the report says, as programs read it."""
    reporting, out = Reporting(desk.node), io.BytesIO()
    figures = reporting.figures(month.period, as_of=as_of or desk.now)
    reporting.write(figures, ReportFormat.JSON, out, language=None)
    return json.loads(out.getvalue())


def counted(entries, key):
    return {each[key]: each["count"] for each in entries if each["count"]}


def test_what_was_sent_is_what_lies_in_sent(month):
    """By type, urgency, paper, signature and receiver, as the drops themselves say."""
    told = report(month, month.ours)["sent"]
    sheets = list(month.sheets(month.ours))

    assert told["total"] == len(sheets) == 32
    assert told["units"] == sum(len(sheet["to"]) for sheet, _, _ in sheets)
    types = Counter(sheet["type"].capitalize() for sheet, _, _ in sheets)
    assert counted(told["types"], "type") == types
    levels = Counter(LEVELS[sheet["priority"]] for sheet, _, _ in sheets)
    assert counted(told["urgency"], "urgency") == levels
    papers = Counter(sheet["paper"] for sheet, _, _ in sheets)
    assert told["paper"] == {
        "electronic": papers[False],
        "paper_follows": papers[True],
        "unknown": 0,
    }
    plain = sum(file == month.letters["plain"] for _, file, _ in sheets)
    assert told["signatures"] == {
        "unknown": 0,
        "unsigned": plain,
        "signed": 0,
        "stamped": len(sheets) - plain,
        "invalid": 0,
    }
    assert sum(told["days"].values()) == len(sheets)
    late = sum(sheet["date"] != f"{month.ours.now:%Y-%m-%d}" for sheet, _, _ in sheets)
    assert (told["dispatch"]["late"], told["dispatch"]["handed_over_late"]) == (late, late)


def test_what_was_received_is_what_lies_in_the_inbox(month):
    """Of each of the three agencies; what the door returned lies in nobody's inbox."""
    for desk in month.desks:
        told, letters = report(month, desk)["received"], desk.letters()
        assert told["total"] == told["handed_over"] == len(letters)
        types = Counter(letter["type"].capitalize() for letter in letters)
        assert counted(told["types"], "type") == types
        papers = Counter(letter["paper"] for letter in letters)
        assert told["paper"]["paper_follows"] == papers[True]
        verified = [
            json.loads((folder / "verification.json").read_bytes())["attachments"][0]["signed"]
            for folder in desk.inbox
        ]
        signed = told["signatures"]
        assert (signed["stamped"], signed["unsigned"]) == (sum(verified), verified.count(False))
        assert told["arrived"] == told["handed_over"] + told["returned"]


def test_refusals_are_those_that_were_told_by_reason(month):
    """What our receipts say was refused, and what the others say they refused, are the same."""
    told = report(month, month.ours)["sent"]["refusals"]
    receipts = month.heard(month.ours, "02")
    lenient = report(month, month.lenient)["received"]["refusals"]
    strict = report(month, month.strict)["received"]

    assert told["reasons"] == Counter(receipt["reason_code"] for receipt in receipts)
    assert told["count"] == len(receipts) > 5
    orders = [json.loads(p.read_bytes()) for p in month.lenient.exchange.glob("statuses/done/*")]
    refused = Counter(order["reason_code"] for order in orders if order["status"] == "02")
    assert lenient["reasons"] == refused
    assert strict["refusals"]["reasons"] == {"SIGNATURE_MISSING": strict["returned"]}
    assert told["count"] == lenient["count"] + strict["returned"]


def test_statuses_are_timed_for_each_receiver_that_said_them(month):
    """As many as there are receipts, and none before the axis had the document."""
    told = report(month, month.ours)["sent"]["times"]
    for status in ("01", "03", "06"):
        assert told[status]["count"] == len(month.heard(month.ours, status))
        assert 0 <= told[status]["median_seconds"] <= told[status]["p95_seconds"] < 3600
    ours = report(month, month.lenient)["received"]["times"]
    assert ours["01"]["count"] == len(month.lenient.letters())
    assert ours["03"]["count"] == told["03"]["count"]


def test_partners_are_counted_both_ways(month):
    """For each agency the documents it was sent and those it sent; nobody else is there."""
    told = report(month, month.ours)
    sent = Counter(code for sheet, _, _ in month.sheets(month.ours) for code in sheet["to"])
    came = Counter(letter["from"]["code"] for letter in month.ours.letters())

    assert {one["code"]: one["sent"] for one in told["partners"]} == sent
    assert {one["code"]: one["received"] for one in told["partners"]} == came
    assert (told["coverage"]["active"], told["coverage"]["silent"]) == (2, [])
    assert told["partners"][0]["name"].startswith("Đơn vị ")


def test_the_same_report_is_the_same_bytes_whatever_happens_later(month):
    """In each of the four formats; as of that moment nothing changes any more."""
    desk = month.ours
    as_of = desk.now

    def all_formats():
        reporting = Reporting(desk.node)
        figures = reporting.figures(month.period, as_of=as_of)
        for form in ReportFormat:
            out = io.BytesIO()
            reporting.write(figures, form, out, language=Language.VI)
            yield form, out.getvalue()

    before = dict(all_formats())
    month.drop(month.lenient, "later", "signed", desk)
    letter = desk.letters()[0]
    desk.report("later.json", id=letter["id"], status="03")
    month.turn()

    assert dict(all_formats()) == before
    assert all(len(content) > 1000 for content in before.values())
    assert report(month, desk)["received"]["total"] == len(desk.letters())
