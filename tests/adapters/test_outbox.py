import gc
import os
import re
import socket
import tracemalloc
import unicodedata
from datetime import timedelta

import needs
import pytest
from confined import without_privileges
from dropping import (
    DOCX,
    EDXML,
    GRACE,
    PAPERS,
    PDF,
    QUIET,
    TIMEOUT,
    a_sheet,
    an_outbox,
    contents,
    lay,
    names,
    why,
)
from effort import calls_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_node import adapters
from edge_node.adapters.drops import Style
from edge_node.domain.errors import FolderMissing

RULES = (re.compile(r"(?P<number>\d+)-(?P<notation>[\w-]+)\.pdf"),)
AT_ONCE = {"quiet": timedelta(0)}
# What the interpreter's own tables grow by, from time to time, is not ours.
OURS = [
    tracemalloc.Filter(inclusive=True, filename_pattern=f"{adapters.__path__[0]}/*"),
    tracemalloc.Filter(inclusive=True, filename_pattern="*/json/decoder.py"),
]


def settled(outbox, now=100.0):
    """Scan twice, the quiet period apart, and return the second scan."""
    outbox.scan(now)
    return outbox.scan(now + QUIET)


def test_a_bundle_is_taken_once_nothing_in_it_has_changed_for_the_quiet_period(tmp_path):
    """Its sheet comes first among the members; the scan says when to look again."""
    outbox = an_outbox(tmp_path)
    files = {"document.json": a_sheet("a.pdf", "b.docx"), "a.pdf": PDF, "b.docx": DOCX}
    lay(tmp_path / "outbox" / "12-UBND", files)

    first = outbox.scan(100.0)
    assert first.ready == ()
    assert first.next_look == 100.0 + QUIET

    [drop] = outbox.scan(100.0 + QUIET).ready
    assert (drop.style, drop.name, drop.fault, drop.secret) == (
        Style.BUNDLE,
        "12-UBND",
        None,
        False,
    )
    assert names(drop.members) == ["document.json", "a.pdf", "b.docx"]


def test_a_sidecar_is_taken_with_the_files_it_names(tmp_path):
    """Other files stay; each is named with the reason."""
    outbox = an_outbox(tmp_path)
    files = {"12.json": a_sheet("a.pdf"), "a.pdf": PDF, "other.pdf": PDF}
    lay(tmp_path / "outbox", files)

    scan = settled(outbox)

    [drop] = scan.ready
    assert (drop.style, drop.name, names(drop.members)) == (
        Style.SIDECAR,
        "12",
        ["12.json", "a.pdf"],
    )
    assert "no sidecar names it" in why(scan)["other.pdf"]


def test_a_yaml_sheet_does_as_well(tmp_path):
    """Half a YAML file is often a smaller one: it waits until it describes a whole document."""
    outbox = an_outbox(tmp_path)
    whole = (
        "number: '12'\nnotation: UBND\ndate: '2026-11-21'\ntype: Công văn\nsubject: x\n"
        "to: [H37.02]\nattachments: [a.pdf]\n"
    )
    lay(tmp_path / "outbox", {"12.yaml": whole[:60].encode(), "a.pdf": PDF})
    assert "does not describe a whole document" in why(settled(outbox))["12.yaml"]

    (tmp_path / "outbox" / "12.yaml").write_text(whole)
    [drop] = settled(outbox, 200.0).ready
    assert names(drop.members) == ["12.yaml", "a.pdf"]
    assert drop.fault is None


def test_a_ready_made_package_is_taken_as_it_is(tmp_path):
    """Whatever prefix its closing tag has, and in UTF-16, too."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"a.edxml": EDXML, "b.EDXML": EDXML.decode().encode("utf-16")})

    scan = settled(outbox)

    assert [(drop.style, drop.name, drop.fault) for drop in scan.ready] == [
        (Style.PACKAGE, "a", None),
        (Style.PACKAGE, "b", None),
    ]


def test_a_bare_file_waits_for_its_grace_and_needs_a_rule(tmp_path):
    """Whoever writes a sidecar later finds the file still there."""
    outbox = an_outbox(tmp_path, rules=RULES)
    lay(tmp_path / "outbox", {"12-UBND.pdf": PDF, "holiday.pdf": PDF})

    early = settled(outbox, 100.0)
    assert early.ready == ()
    assert "sidecar may still come" in why(early)["12-UBND.pdf"]
    assert early.next_look == 100.0 + GRACE

    [drop] = outbox.scan(100.0 + GRACE).ready
    assert (drop.style, drop.name, names(drop.members)) == (
        Style.BARE,
        "12-UBND",
        ["12-UBND.pdf"],
    )


def test_a_bare_file_yields_to_the_sidecar_that_names_it(tmp_path):
    """Even after its grace, and while the sidecar itself still waits for another file."""
    outbox = an_outbox(tmp_path, rules=RULES)
    lay(tmp_path / "outbox", {"12-UBND.pdf": PDF})
    outbox.scan(100.0)
    lay(tmp_path / "outbox", {"x.json": a_sheet("12-UBND.pdf", "late.pdf")})
    outbox.scan(100.0 + GRACE)

    scan = outbox.scan(100.0 + GRACE + QUIET)

    assert scan.ready == ()
    assert "goes with x.json" in why(scan)["12-UBND.pdf"]
    assert "late.pdf, named in x.json, is missing" in why(scan)["x.json"]


def test_a_sheet_that_is_cut_off_waits_and_one_that_is_no_object_does_not(tmp_path):
    """Half a JSON object may still be completed; a list never becomes a document."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"half.json": a_sheet("a.pdf")[:40], "list.json": b"[1, 2]"})

    scan = settled(outbox)
    [drop] = scan.ready
    assert (drop.name, str(drop.fault)) == ("list", "list.json does not describe a whole document")
    assert "cut off or broken" in why(scan)["half.json"]

    faults = {drop.name: str(drop.fault) for drop in outbox.scan(100.0 + TIMEOUT).ready}
    assert "cut off or broken" in faults["half"]


def test_a_huge_sheet_is_refused_unread(tmp_path):
    """A document.json is a few kB."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", {"12.json": b" " * 2_000_000})

    assert str(outbox.scan(0.0).ready[0].fault) == "12.json is larger than 1 MB"


@pytest.mark.parametrize("name", ["../a.pdf", "/etc/passwd", "sub/a.pdf", ".hidden", "a.part"])
def test_a_name_that_leads_elsewhere_is_a_fault_at_once(tmp_path, name):
    """Nothing outside the drop is ever looked at."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    (tmp_path / "a.pdf").write_bytes(PDF)
    lay(tmp_path / "outbox", {"12.json": a_sheet(name)})

    [drop] = outbox.scan(0.0).ready
    assert "is no name for a file of a drop" in str(drop.fault)
    assert names(drop.members) == ["12.json"]


def test_two_sheets_in_one_bundle_are_a_fault(tmp_path):
    """Nobody can tell which was meant."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox" / "12", {"document.json": a_sheet("a.pdf"), "document.yaml": b"x: 1"})

    assert "both a document.json and a document.yaml" in str(outbox.scan(0.0).ready[0].fault)


def test_two_sidecars_that_name_one_file_are_both_refused_and_the_file_stays(tmp_path):
    """Whoever came first would take the other's file."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    files = {"1.json": a_sheet("a.pdf", "1.pdf"), "2.json": a_sheet("a.pdf"), "1.pdf": PDF}
    lay(tmp_path / "outbox", files | {"a.pdf": PDF})

    one, two = sorted(outbox.scan(0.0).ready, key=lambda drop: drop.name)

    assert str(one.fault) == "a.pdf is named in both 1.json and 2.json"
    assert str(two.fault) == "a.pdf is named in both 2.json and 1.json"
    assert names(one.members) == ["1.json", "1.pdf"]
    assert names(two.members) == ["2.json"]


def test_a_folder_without_a_sheet_stays(tmp_path):
    """For ever, and the scans keep saying since when."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox" / "12", {"a.pdf": PDF})
    outbox.scan(7.0)

    scan = outbox.scan(1_000_000.0)

    assert scan.ready == ()
    assert scan.next_look is None
    [waiting] = scan.waiting
    assert (str(waiting.why), waiting.since) == ("the folder holds no document.json yet", 7.0)


@pytest.mark.parametrize(
    "name",
    [".a.json", "~$a.docx", "a.tmp", "a.JSON.part", "a.partial", "a.filepart", "a.crdownload"],
)
def test_unfinished_and_hidden_names_are_never_touched(tmp_path, name):
    """Nor are they worth a word."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", {name: a_sheet()})

    scan = outbox.scan(0.0)
    assert (scan.ready, scan.waiting) == ((), ())


def test_links_and_the_like_are_neither_followed_nor_taken(tmp_path):
    """A drop must not fetch a file from elsewhere; a FIFO must not stop the scan."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    (tmp_path / "secret.json").write_bytes(a_sheet())
    folder = tmp_path / "outbox"
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    os.mkfifo(folder / "pipe.json")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.fspath(folder / "s.json"))
    lay(folder / "12", {"document.json": a_sheet("a.pdf")})
    (folder / "12" / "a.pdf").symlink_to("/etc/passwd")

    scan = outbox.scan(0.0)

    assert scan.ready == ()
    assert why(scan) == {
        "link.json": "it is a symbolic link; links are never followed",
        "pipe.json": "it is no regular file",
        "s.json": "it is no regular file",
        "12": "it holds a.pdf: it is a symbolic link; links are never followed; it is refused "
        "when nothing has changed for 600 seconds",
    }


@pytest.mark.parametrize("name", ["signed", "a.pdf"])
def test_a_bundle_with_a_link_in_it_is_taken_to_be_refused(tmp_path, name):
    """Named in the sheet or not: left where it is, nobody would ever be told why it stays."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    bundle = lay(tmp_path / "outbox" / "12", {"document.json": a_sheet("a.pdf")})
    if name != "a.pdf":
        lay(bundle, {"a.pdf": PDF})
    (bundle / name).symlink_to(tmp_path)
    outbox.scan(0.0)

    (drop,) = outbox.scan(600.0).ready
    told = f"it holds {name}: it is a symbolic link; links are never followed"
    assert str(drop.fault) == told
    assert str(outbox.claim(drop, "i-1").fault) == told
    assert str(outbox.take_up("i-1").fault) == told  # a crash does not make it sound
    assert tmp_path.exists()


def test_a_name_that_is_no_text_is_named_and_stays(tmp_path):
    """Nobody could write it into a receipt."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    (tmp_path / "outbox" / os.fsdecode(b"c\xf4ng.json")).write_bytes(a_sheet())

    scan = outbox.scan(0.0)
    assert scan.ready == ()
    assert str(scan.waiting[0].why) == "the name c\N{REPLACEMENT CHARACTER}ng.json is not UTF-8"


@pytest.mark.parametrize(("on_disk", "named"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFC", "NFC")])
def test_a_file_is_found_however_its_accents_are_composed(tmp_path, on_disk, named):
    """On macOS they are taken apart, on Windows they are not."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    name = "Quyết định số 7 về việc đổi tên.pdf"
    sheet = a_sheet(unicodedata.normalize(named, name))
    lay(tmp_path / "outbox", {"12.json": sheet, unicodedata.normalize(on_disk, name): PDF})

    [drop] = outbox.scan(0.0).ready
    assert drop.fault is None
    assert names(drop.members)[1] == unicodedata.normalize(on_disk, name)


def test_of_two_files_that_look_alike_the_exact_name_wins(tmp_path):
    """Both forms may lie side by side on Linux."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    composed, apart = (unicodedata.normalize(form, "về.pdf") for form in ("NFC", "NFD"))
    lay(tmp_path / "outbox", {"12.json": a_sheet(apart), composed: PDF, apart: PDF})

    assert names(outbox.scan(0.0).ready[0].members)[1] == apart


USUAL = st.characters(codec="utf-8", exclude_characters="/\0")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stem=st.text(USUAL, min_size=1, max_size=60).filter(lambda s: s[0] not in ".~"))
def test_any_name_a_file_may_have_is_taken_and_arrives_as_it_was(tmp_path_factory, stem):
    """Reserved on Windows, right to left, with line breaks: names are only ever carried."""
    tmp_path = tmp_path_factory.mktemp("names")
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", {f"{stem}.json": a_sheet(f"{stem}.pdf"), f"{stem}.pdf": PDF})

    [drop] = outbox.scan(0.0).ready
    claimed = outbox.claim(drop, "i-1")

    assert claimed.name == stem
    assert names([claimed.sheet, *claimed.files]) == [f"{stem}.json", f"{stem}.pdf"]
    assert claimed.named(f"{stem}.pdf") == claimed.files[0]
    assert contents(tmp_path / "outbox") == []


def test_names_of_255_bytes_are_taken_and_refused_like_others(tmp_path):
    """Also where our own word beside the drop has to be cut to fit."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    name = "ộ" * 84 + "abc"
    lay(tmp_path / "outbox" / name, {"document.json": a_sheet(name[4:]), name[4:]: PDF})
    lay(tmp_path / "outbox" / ("z" * 255), {"document.json": a_sheet(secrecy="Mật")})

    ready = outbox.scan(0.0).ready
    outbox.refuse_in_place(next(drop for drop in ready if drop.secret), PAPERS)
    [drop] = outbox.scan(0.0).ready

    assert outbox.claim(drop, "i-1").folder.name == name


def test_a_secret_document_is_shown_and_then_left_alone(tmp_path):
    """It is refused where it lies, once, and never copied; mended, it is taken."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    folder = tmp_path / "outbox"
    lay(folder, {"12.json": a_sheet("a.pdf", secrecy="Mật"), "a.pdf": PDF})
    [drop] = outbox.scan(0.0).ready
    assert drop.secret

    outbox.refuse_in_place(drop, PAPERS)

    assert contents(folder) == ["12.error.json", "12.error.txt", "12.json", "a.pdf"]
    for again in (outbox, an_outbox(tmp_path, **AT_ONCE)):
        scan = again.scan(1.0)
        assert scan.ready == ()
        assert why(scan)["12.json"] == "it is refused where it lies, see 12.error.txt"

    (folder / "12.json").write_bytes(a_sheet("a.pdf"))
    [drop] = outbox.scan(2.0).ready
    assert not drop.secret


def test_a_secret_that_changes_and_stays_secret_is_refused_again(tmp_path):
    """Also when the new version carries an older modification time than our word on the first."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", {"12.json": a_sheet(secrecy="Mật")})
    outbox.refuse_in_place(outbox.scan(0.0).ready[0], PAPERS)
    os.utime(tmp_path / "outbox" / "12.error.json", (1, 1))
    os.utime(tmp_path / "outbox" / "12.json", (0, 0))

    assert [drop.secret for drop in outbox.scan(1.0).ready] == [True]


def test_a_sidecar_that_names_itself_is_taken_all_the_same(tmp_path):
    """It is its own sheet first; nobody else could ever take it."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", {"12.json": a_sheet("12.json", "a.pdf"), "a.pdf": PDF})

    assert names(outbox.scan(0.0).ready[0].members) == ["12.json", "a.pdf"]


def test_what_may_not_be_read_or_moved_is_named_and_stays(tmp_path):
    """The owner and mode are told; the rest of the outbox goes on."""
    needs.root()
    folder = tmp_path / "outbox"
    an_outbox(tmp_path)
    lay(folder, {"12.json": a_sheet("a.pdf"), "a.pdf": PDF, "ok.edxml": EDXML})
    lay(folder / "theirs", {"document.json": a_sheet(), "a.pdf": PDF})
    (folder / "a.pdf").chmod(0o600)
    os.chown(folder / "a.pdf", 4321, 4321)
    (folder / "theirs").chmod(0o755)
    os.chown(folder / "theirs", 4321, 4321)
    body = (
        "from datetime import timedelta\n"
        "from edge_node.adapters.outbox import Outbox\n"
        "from edge_node.adapters.drops import OutboxSettings\n"
        "root = Path(sys.argv[1])\n"
        "box = Outbox(root / 'outbox', root / 'claims', OutboxSettings(quiet=timedelta(0)))\n"
        "scan = box.scan(0.0)\n"
        "print([drop.name for drop in scan.ready])\n"
        "for waiting in scan.waiting: print(waiting.path.name, waiting.why)\n"
    )

    said = without_privileges(body, tmp_path)

    assert said.splitlines()[0] == "['ok']"
    assert "12.json the node may not take a.pdf: it belongs to 4321 with mode 0600" in said
    assert "theirs the node may not take theirs: it belongs to 4321 with mode 0755" in said


def test_a_missing_outbox_is_an_outage_and_not_an_empty_one(tmp_path):
    """An unmounted share pauses the intake."""
    outbox = an_outbox(tmp_path)
    (tmp_path / "outbox").rmdir()

    with pytest.raises(FolderMissing, match="outbox is not there"):
        outbox.scan(0.0)


def test_ten_thousand_idle_files_cost_little(tmp_path):
    """A scan stays far below the second at which polling looks: some forty calls for a file."""
    outbox = an_outbox(tmp_path, rules=RULES)
    for number in range(10_000):
        (tmp_path / "outbox" / f"photo {number}.jpg").touch()
    outbox.scan(0.0)

    def scanned() -> None:
        assert len(outbox.scan(10_000.0).waiting) == 10_000

    assert calls_in(scanned) < 100 * 10_000


@pytest.mark.parametrize(
    ("style", "most"), [("bundle", 1050), ("sidecar", 900), ("package", 600), ("unknown", 300)]
)
def test_between_looks_little_is_held_of_a_drop(tmp_path, style, most):
    """A drop costs its names and a few figures, a kilobyte or so; no path of it is kept."""
    outbox, many = an_outbox(tmp_path), 400
    for each in (f"letter {number}" for number in range(many)):
        files = {
            "bundle": {f"{each}/document.json": a_sheet("a.pdf"), f"{each}/a.pdf": PDF},
            "sidecar": {f"{each}.json": a_sheet(f"{each}.pdf"), f"{each}.pdf": PDF},
            "package": {f"{each}.edxml": EDXML},
            "unknown": {f"{each}.jpg": PDF},
        }[style]
        for name, data in files.items():
            lay((tmp_path / "outbox" / name).parent, {name.rpartition("/")[2]: data})

    tracemalloc.start()
    try:
        ready = settled(outbox).ready
        gc.collect()  # what reading a sheet leaves behind is no more held, only not yet swept up
        held = tracemalloc.take_snapshot().filter_traces(OURS).statistics("filename")
    finally:
        tracemalloc.stop()
    assert len(ready) == (0 if style == "unknown" else many)
    assert sum(each.size for each in held) / many < most
