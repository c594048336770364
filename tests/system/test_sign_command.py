"""The command that signs files by hand."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from socket import create_server

import office
import pytest
from keys_world import Agency
from signed_pdfs import a_pdf, sign

ORDER = ("--operator", "Trần Văn B", "--basis", "QĐ 12")


@pytest.fixture
def agency(tmp_path, pki):
    """Give an agency with one key, that believes both roots."""
    agency = Agency(tmp_path, pki).believe()
    return agency.has(agency.file("agency"))


@pytest.fixture
def files(tmp_path):
    """Give files to sign, by their names, and the folder they go to."""
    (tmp_path / "out").mkdir()
    contents = {
        "Công văn 12.pdf": a_pdf(),
        "bảng.xlsx": office.an_xlsx(),
        "ghi chú.txt": b"no document",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


def sheet(text):
    """Return what stands behind which name."""
    return dict(re.findall(r"^(\S[A-Za-z ]*?)  +(.*)$", text, re.MULTILINE))


def test_files_are_signed_into_a_folder_and_are_valid_there(agency, files, tmp_path):
    """One sheet for each: level, time-stamp, by whom, where; the originals are as they were."""
    pdf, sheets = files["Công văn 12.pdf"], files["bảng.xlsx"]
    before = pdf.read_bytes(), sheets.read_bytes()
    answer = agency.run("sign", pdf, sheets, "--to", tmp_path / "out", *ORDER)
    first, second = map(sheet, answer.stdout.split("\n\n"))

    assert answer.returncode == 0, answer.stderr
    assert (first["file"], first["result"], first["level"]) == (str(pdf), "signed", "B-T")
    assert first["lies in"] == str(tmp_path / "out" / pdf.name)
    assert first["signer"].endswith("Thành phố Hồ Chí Minh (key agency)")
    assert first["stamped"].endswith("(by Time tsa)")
    assert (first["ordered by"], first["grounds"]) == ("Trần Văn B", "QĐ 12")
    assert (second["file"], second["result"]) == (str(sheets), "signed")

    assert (pdf.read_bytes(), sheets.read_bytes()) == before
    assert (tmp_path / "out" / pdf.name).read_bytes().startswith(before[0])
    signed = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in signed] == sorted([pdf.name, sheets.name])
    assert agency.run("verify", *signed).returncode == 0


def test_who_ordered_it_and_why_is_in_the_log(agency, files, tmp_path):
    """As one line with fields; the configuration answers where the command line does not."""
    answer = agency.run("sign", files["Công văn 12.pdf"], "--to", tmp_path / "out", "--json")

    assert answer.returncode == 0, answer.stderr
    (line,) = [line for line in answer.stderr.splitlines() if " sign: signed " in line]
    for field in ('operator="Văn thư"', 'basis="Quy chế 12"', "key=agency", "level=B-T"):
        assert field in line
    told = json.loads(answer.stdout)
    assert (told["signed"], told["operator"], told["basis"]) == (True, "Văn thư", "Quy chế 12")
    assert told["to"] == str(tmp_path / "out" / "Công văn 12.pdf")


@pytest.mark.parametrize("lacking", ["operator", "basis"])
def test_nothing_is_signed_unless_somebody_answers_for_it(agency, files, tmp_path, lacking):
    """A name and the grounds, both."""
    agency.told["signing"][lacking] = ""
    agency.written()
    answer = agency.run("sign", files["Công văn 12.pdf"], "--to", tmp_path / "out")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert "nobody is named who has it signed, or no grounds: nothing was signed" in answer.stderr
    assert not any((tmp_path / "out").iterdir())


def test_nothing_is_overwritten_but_by_force_and_originals_never(agency, files, tmp_path):
    """What lies there stays, and so does the file that is signed."""
    pdf = files["Công văn 12.pdf"]
    there = tmp_path / "out" / pdf.name
    there.write_bytes(b"older")
    order = ("sign", pdf, "--level", "B-B", "--to")

    answer = agency.run(*order, there.parent)
    assert (answer.returncode, there.read_bytes()) == (1, b"older")
    assert sheet(answer.stdout)["why"] == f"{there} is there already"
    assert agency.run(*order, there.parent, "--force").returncode == 0
    assert there.read_bytes().startswith(pdf.read_bytes())

    answer = agency.run(*order, pdf.parent, "--force")
    assert (answer.returncode, pdf.read_bytes()) == (1, a_pdf())
    assert sheet(answer.stdout)["why"] == f"{pdf} is the original, which stays as it is"


def test_each_file_that_is_not_signed_has_its_sentence(agency, files, tmp_path):
    """Others are signed all the same; a name that comes twice would cost one of them."""
    pdf, text = files["Công văn 12.pdf"], files["ghi chú.txt"]
    again = tmp_path / "again" / pdf.name
    again.parent.mkdir()
    again.write_bytes(a_pdf())
    asked = [text, tmp_path / "nowhere.pdf", pdf, again]
    answer = agency.run("sign", *asked, "--level", "B-B", "--to", tmp_path / "out", "--json")
    told = [json.loads(line) for line in answer.stdout.splitlines()]

    assert answer.returncode == 1
    assert [one["file"] for one in told] == list(map(str, asked))
    assert [one["signed"] for one in told] == [False, False, True, False]
    assert "only PDF, Word, Excel and PowerPoint files are signed" in told[0]["why"]
    assert "nowhere.pdf is not there" in told[1]["why"]
    assert told[1]["hint"] == "check the path"
    assert told[3]["why"] == f"two of the files are called {pdf.name}"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [pdf.name]


def test_without_a_time_stamp_nothing_is_signed_and_the_rest_is_not_tried(agency, files, tmp_path):
    """One authority that is down is waited for once and not once a file; nothing is left over."""
    with create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    agency.told["stamps"] = {"servers": [{"url": nobody}], "timeout": "5s", "tries": 1}
    agency.written()
    pdf, sheets = files["Công văn 12.pdf"], files["bảng.xlsx"]
    answer = agency.run("sign", pdf, sheets, "--to", tmp_path / "out", "--json")
    first, second = (json.loads(line) for line in answer.stdout.splitlines())

    assert answer.returncode == 1
    assert first["why"].startswith("no time-stamp could be had")
    assert second["why"] == f"not tried, after this: {first['why']}"
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_ended_while_it_waits_it_leaves_nothing_or_the_next_run_clears_it_up(
    agency, files, tmp_path, number
):
    """Half a signature is nobody's; that of a run beside it is not touched."""
    pdf, out = files["Công văn 12.pdf"], tmp_path / "out"
    with create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        agency.told["stamps"]["servers"] = [{"url": url}]
        agency.written()
        asked = [sys.executable, "-m", "edge_node", "-c", agency.config, "sign", pdf, "--to", out]
        with (
            subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running,
            silent.accept()[0] as held,
        ):
            held.recv(1)
            (room,) = out.iterdir()
            beside = agency.run("sign", files["bảng.xlsx"], "--level", "B-B", "--to", out)
            assert beside.returncode == 0
            assert room.exists()
            running.send_signal(number)
            running.communicate(timeout=60)
    killed = number == signal.SIGKILL
    assert running.returncode == (-number if killed else 128 + number)
    assert room.exists() is killed
    assert agency.run("sign", pdf, "--level", "B-B", "--to", out).returncode == 0
    assert sorted(one.name for one in out.iterdir()) == sorted(["bảng.xlsx", pdf.name])


def test_that_an_office_file_gets_less_than_was_asked_for_is_said(agency, files, tmp_path):
    """A time-stamp is all there is for it; a PDF gets what was asked for, and no such word."""
    order = ("sign", files["Công văn 12.pdf"], files["bảng.xlsx"], "--level", "B-LTA")
    (tmp_path / "again").mkdir()
    first, second = map(sheet, agency.run(*order, "--to", tmp_path / "out").stdout.split("\n\n"))
    assert (first["level"], first.get("note")) == ("B-LTA", None)
    assert (second["level"], second["result"]) == ("B-T", "signed")
    assert second["note"] == "no B-LTA: an Office file gets a time-stamp and no more"
    answer = agency.run(*order, "--to", tmp_path / "again", "--json")
    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [(one["level"], bool(one["note"])) for one in told] == [("B-LTA", False), ("B-T", True)]


def test_a_key_can_be_named_and_another_agencys_is_not_taken_unasked(agency, files, tmp_path):
    """One nobody staged or activated is looked at first."""
    agency.has(agency.pem("p256"), agency.file("agency"), agency.file("expired"))
    order = ("sign", files["Công văn 12.pdf"], "--to", tmp_path / "out", "--level", "B-B")

    strange = agency.run(*order, "--name", "agency")
    assert (strange.returncode, strange.stdout) == (1, "")
    assert "another agency: nothing was signed" in strange.stderr
    old = agency.run(*order, "--name", "expired")
    assert old.returncode == 1
    assert "ran out on 2024-01-01" in sheet(old.stdout)["why"]
    assert not any((tmp_path / "out").iterdir())

    assert sheet(agency.run(*order, "--name", "p256").stdout)["signer"].endswith("(key p256)")


def test_how_a_signature_shows_is_asked_for(agency, files, tmp_path):
    """A text at the top of page 1; both ways at once are refused before anything is done."""
    order = ("sign", files["Công văn 12.pdf"], "--to", tmp_path / "out", "--level", "B-B")
    assert agency.run(*order, "--text", "12/UBND-VP", "--seal").returncode == 1
    unknown = agency.run(*order, "--seal")
    assert "no image of the seal is configured" in sheet(unknown.stdout)["why"]

    assert agency.run(*order, "--text", "12/UBND-VP").returncode == 0
    assert b"/XObject" in (tmp_path / "out" / "Công văn 12.pdf").read_bytes()


def test_a_text_that_finds_no_place_is_told(agency, files, tmp_path, pki):
    """The file is signed all the same, and whoever wanted to see it reads why he does not."""
    pdf = files["Công văn 12.pdf"]
    pdf.write_bytes(sign(a_pdf(), pki, "person", level="B-T", docmdp=2, at=datetime.now(UTC)))
    order = ("sign", pdf, "--to", tmp_path / "out", "--text", "12/UBND-VP")
    answer = agency.run(*order)
    assert (answer.returncode, sheet(answer.stdout)["result"]) == (0, "signed")
    assert "the document is certified" in sheet(answer.stdout)["does not show"]

    told = json.loads(agency.run(*order, "--force", "--json").stdout)
    assert "the document is certified" in told["unseen"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--level", "B-X"), 2, "B-X"),
        (("--to", "nowhere"), 1, "there is no folder nowhere"),
        (("--name", "seal"), 1, "there is no key seal in signing.keys"),
    ],
)
def test_what_cannot_be_meant_is_refused(agency, files, tmp_path, arguments, code, words):
    """Before anything is opened."""
    order = ("sign", files["Công văn 12.pdf"], "--to", tmp_path / "out")
    answer = agency.run(*order, *arguments)

    assert (answer.returncode, answer.stdout) == (code, "")
    assert words in answer.stderr


@pytest.mark.parametrize("language", ["en", "vi"])
def test_sheets_fit_a_terminal(agency, files, tmp_path, language):
    """Nothing is wider than 80 columns, the file that could not be signed included."""
    asked = (files["Công văn 12.pdf"], files["ghi chú.txt"], "--to", tmp_path / "out")
    agency.told["log"] = {"level": "warning"}
    agency.written()
    lines = agency.shown("sign", *asked, EDGE_NODE_LANG=language)

    assert max(map(len, lines)) <= 80
    assert "Time tsa" in " ".join(lines)
