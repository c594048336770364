import os
import subprocess
import sys
from datetime import timedelta

import needs
import pytest
from confined import small_disk, without_privileges
from dropping import DOCX, EDXML, PDF, a_sheet, an_outbox, contents, lay, names, why

from edge_node.adapters.drops import DropChanged, Style
from edge_node.domain.errors import DiskTrouble

AT_ONCE = {"quiet": timedelta(0), "bare_grace": timedelta(0)}
A_FILE = {"12.json": a_sheet("a.pdf", "b.docx"), "a.pdf": PDF, "b.docx": DOCX}


def ready(outbox, now=0.0):
    """Return the one drop that is ready."""
    [drop] = outbox.scan(now).ready
    return drop


def taken_up(outbox):
    """Return what the next start makes of all that was claimed."""
    claims = (outbox.take_up(item) for item in outbox.unfinished())
    return [claimed for claimed in claims if claimed is not None]


def lying(folder):
    """Return the names of all files below a folder, relative to it."""
    return sorted(os.fspath(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def test_a_bundle_is_claimed_as_the_very_folder_it_was(tmp_path):
    """One rename: the folder keeps its inode, and what the sheet does not name comes along."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    bundle = lay(tmp_path / "outbox" / "12", {"document.json": a_sheet("a.pdf"), "a.pdf": PDF})
    lay(bundle, {"note.txt": b"x"})
    inode = bundle.stat().st_ino

    claimed = outbox.claim(ready(outbox), "i-1")

    assert claimed.folder == tmp_path / "claims" / "i-1" / "12"
    assert claimed.folder.stat().st_ino == inode
    assert (claimed.id, claimed.style, claimed.name) == ("i-1", Style.BUNDLE, "12")
    assert claimed.sheet == claimed.folder / "document.json"
    assert names(claimed.files) == ["a.pdf", "note.txt"]
    assert contents(tmp_path / "outbox") == []


def test_a_sidecar_is_claimed_with_its_files_and_nothing_else(tmp_path):
    """They lie in a folder named after the sheet, which the outbox's group may read once filed."""
    needs.root()
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", A_FILE | {"other.pdf": PDF})
    os.chown(tmp_path / "outbox", -1, 4321)

    claimed = outbox.claim(ready(outbox), "i-1")

    assert lying(tmp_path / "claims") == ["i-1/12/12.json", "i-1/12/a.pdf", "i-1/12/b.docx"]
    assert names(claimed.files) == ["a.pdf", "b.docx"]
    assert claimed.folder.parent.stat().st_mode & 0o777 == 0o700
    assert (claimed.folder.stat().st_mode & 0o7777, claimed.folder.stat().st_gid) == (0o2750, 4321)
    assert contents(tmp_path / "outbox") == ["other.pdf"]


def test_a_package_and_a_bare_file_are_claimed(tmp_path):
    """A bare file is its own sheet and its own file."""
    import re

    outbox = an_outbox(tmp_path, rules=[re.compile(r"\d+-UBND\.pdf")], **AT_ONCE)
    lay(tmp_path / "outbox", {"a.edxml": EDXML, "7-UBND.pdf": PDF})

    bare, package = [
        outbox.claim(drop, f"i-{drop.style}")
        for drop in sorted(outbox.scan(0.0).ready, key=lambda drop: drop.style)
    ]

    assert (package.style, package.sheet.name, package.files) == (Style.PACKAGE, "a.edxml", ())
    assert (bare.style, bare.name, bare.files) == (Style.BARE, "7-UBND", (bare.sheet,))


def test_the_same_name_tomorrow_is_a_new_drop(tmp_path):
    """Claims go by id: two drops of one name lie side by side."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    claims = []
    for number, subject in enumerate(("first", "second")):
        lay(tmp_path / "outbox", {"12.json": a_sheet("a.pdf", subject=subject), "a.pdf": PDF})
        claims.append(outbox.claim(ready(outbox, float(number)), f"i-{number}"))

    assert [claim.name for claim in claims] == ["12", "12"]
    assert b"first" in claims[0].sheet.read_bytes()
    assert b"second" in claims[1].sheet.read_bytes()


def test_a_bundle_and_a_sidecar_of_one_name_do_not_meet(tmp_path):
    """Each is a drop of its own."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", A_FILE)
    lay(tmp_path / "outbox" / "12", {"document.json": a_sheet("a.pdf"), "a.pdf": PDF})

    drops = outbox.scan(0.0).ready
    styles = {outbox.claim(drop, drop.style.value).style for drop in drops}

    assert styles == {Style.BUNDLE, Style.SIDECAR}
    assert contents(tmp_path / "outbox") == []


@pytest.mark.parametrize("part", ["12.json", "a.pdf"])
def test_a_drop_that_changed_since_the_scan_is_not_taken(tmp_path, part):
    """Between scan and claim other drops were packed; somebody may have gone on writing."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", A_FILE)
    drop = ready(outbox)
    with (tmp_path / "outbox" / part).open("ab") as file:
        file.write(b" ")

    with pytest.raises(DropChanged, match=part):
        outbox.claim(drop, "i-1")

    assert contents(tmp_path / "outbox") == ["12.json", "a.pdf", "b.docx"]
    assert not (tmp_path / "claims" / "i-1").exists()


def test_a_drop_somebody_opened_for_writing_since_the_scan_is_not_taken(tmp_path):
    """He may not have written anything yet."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", A_FILE)
    drop = ready(outbox)

    with (tmp_path / "outbox" / "a.pdf").open("ab"), pytest.raises(DropChanged):
        outbox.claim(drop, "i-1")


def test_a_drop_that_vanished_since_the_scan_is_not_taken(tmp_path):
    """The software took it back."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", A_FILE)
    drop = ready(outbox)
    (tmp_path / "outbox" / "b.docx").unlink()

    with pytest.raises(DropChanged, match=r"b\.docx"):
        outbox.claim(drop, "i-1")

    assert contents(tmp_path / "outbox") == ["12.json", "a.pdf"]


def test_a_drop_that_may_not_be_moved_stays_whole_and_is_named(tmp_path):
    """What was moved already goes back; when the rights change it is tried again."""
    needs.root()
    an_outbox(tmp_path)
    folder = lay(tmp_path / "outbox", A_FILE)
    os.chown(folder / "b.docx", 4321, 4321)
    os.chown(folder, 4321, 4321)
    folder.chmod(0o1777)  # sticky: only its owner may move a file away
    body = (
        "from datetime import timedelta\n"
        "from edge_node.adapters.drops import DropHeld, OutboxSettings\n"
        "from edge_node.adapters.outbox import Outbox\n"
        "root = Path(sys.argv[1])\n"
        "box = Outbox(root / 'outbox', root / 'claims', OutboxSettings(quiet=timedelta(0)))\n"
        "[drop] = box.scan(0.0).ready\n"
        "try: box.claim(drop, 'i-1')\n"
        "except DropHeld as error: print('held:', error)\n"
        "print(sorted(os.listdir(root / 'outbox')), os.listdir(root / 'claims'))\n"
        "scan = box.scan(1.0)\n"
        "print(scan.ready, [str(waiting.why) for waiting in scan.waiting][0])\n"
        "os.chmod(root / 'outbox' / '12.json', 0o664)\n"
        "print(len(box.scan(2.0).ready))\n"
    )

    held, whole, again, after = without_privileges(body, tmp_path).splitlines()

    assert held.startswith("held: the node may not touch")
    assert "b.docx" in held
    assert whole == "['12.json', 'a.pdf', 'b.docx'] []"
    assert again.startswith("() the node may not touch")
    assert after == "1"


def test_a_full_disk_pauses_the_intake_and_leaves_the_drop(tmp_path):
    """Where claims lie on another file system and it is full: the drop stays as it was."""
    with small_disk(tmp_path / "claims"):
        outbox = an_outbox(tmp_path, **AT_ONCE)
        large = PDF[:9] + bytes(200_000) + PDF[9:]
        lay(tmp_path / "outbox", {"12.json": a_sheet("a.pdf"), "a.pdf": large})

        with pytest.raises(DiskTrouble, match="no room left"):
            outbox.claim(ready(outbox), "i-1")

        assert contents(tmp_path / "outbox") == ["12.json", "a.pdf"]
        assert contents(tmp_path / "claims") == []
        assert len(outbox.scan(1.0).ready) == 1


def test_a_claim_may_cross_file_systems(tmp_path):
    """It is copied, verified, and only then is the original taken away."""
    with small_disk(tmp_path / "claims", "1m"):
        outbox = an_outbox(tmp_path, **AT_ONCE)
        lay(tmp_path / "outbox" / "12", {"document.json": a_sheet("a.pdf"), "a.pdf": PDF})

        claimed = outbox.claim(ready(outbox), "i-1")

        assert claimed.named("a.pdf").read_bytes() == PDF
        assert contents(tmp_path / "outbox") == []


# ── after a crash ────────────────────────────────────────────────────────────────────────────


def half_moved(tmp_path, *moved, files=A_FILE, name="12"):
    """Lay a sidecar drop of which only some files have reached the claim."""
    lay(tmp_path / "outbox", files)
    home = tmp_path / "claims" / "i-1" / name
    home.mkdir(parents=True)
    for file in moved:
        (tmp_path / "outbox" / file).rename(home / file)


@pytest.mark.parametrize("moved", [1, 2, 3])
def test_a_crash_between_the_moves_of_a_sidecar_is_mended(tmp_path, moved):
    """The sheet moved first: it tells what else belongs to the claim."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    half_moved(tmp_path, *list(A_FILE)[:moved])
    lay(tmp_path / "outbox", {"other.pdf": PDF})

    [claimed] = taken_up(outbox)

    assert (claimed.id, claimed.style, claimed.name) == ("i-1", Style.SIDECAR, "12")
    assert names([claimed.sheet, *claimed.files]) == ["12.json", "a.pdf", "b.docx"]
    assert claimed.fault is None
    assert contents(tmp_path / "outbox") == ["other.pdf"]


def test_a_crash_before_the_first_move_leaves_the_drop_in_the_outbox(tmp_path):
    """The empty folder goes away."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    half_moved(tmp_path)

    assert taken_up(outbox) == []
    assert contents(tmp_path / "claims") == []
    assert len(outbox.scan(0.0).ready) == 1


def test_what_was_claimed_is_recognised_whatever_its_style(tmp_path):
    """No note is kept beside a claim; its files tell."""
    import re

    outbox = an_outbox(tmp_path, rules=[re.compile(r"\d+-UBND\.pdf")], **AT_ONCE)
    folder = lay(tmp_path / "outbox", A_FILE | {"a.edxml": EDXML, "7-UBND.pdf": PDF})
    within = {"document.json": a_sheet("X.json"), "X.json": b"{}"}
    lay(folder / "X", within)
    lay(folder, {"Y.json": a_sheet("document.json"), "document.json": b"[]"})
    claims = {drop.name: outbox.claim(drop, f"i-{drop.name}") for drop in outbox.scan(0.0).ready}
    assert len(claims) == 5

    again = {claim.name: claim for claim in taken_up(an_outbox(tmp_path))}

    assert again == claims


def test_a_claim_cut_off_with_a_fault_keeps_it(tmp_path):
    """Nothing that was to be refused is sent because of a crash."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    half_moved(tmp_path, "12.json", files=A_FILE | {"a.pdf": b"%PDF-1.7 half"})

    [claimed] = taken_up(outbox)
    assert "a.pdf is not complete: it is cut off" in str(claimed.fault)

    claimed.named("a.pdf").unlink()
    [claimed] = taken_up(outbox)
    assert str(claimed.fault) == "a.pdf, named in 12.json, is missing"


def test_a_copy_cut_off_before_the_original_went_is_not_taken_twice(tmp_path):
    """Across file systems both may be there: the original goes, a newer drop does not."""
    with small_disk(tmp_path / "claims", "1m"):
        outbox = an_outbox(tmp_path, **AT_ONCE)
        bundle = {"document.json": a_sheet("a.pdf"), "a.pdf": PDF}
        for number, left in ((1, bundle), (2, bundle | {"a.pdf": PDF + b"\n"})):
            lay(tmp_path / "outbox" / f"{number}", left)
            (tmp_path / "claims" / f"i-{number}").mkdir()
            lay(tmp_path / "claims" / f"i-{number}" / f"{number}", bundle)

        assert [claim.id for claim in taken_up(outbox)] == ["i-1", "i-2"]
        assert contents(tmp_path / "outbox") == ["2"]


def test_a_new_drop_of_the_same_name_outlives_the_old_claim(tmp_path):
    """Where claims are renames, what lies in the outbox is new, whatever it holds."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    bundle = {"document.json": a_sheet("a.pdf"), "a.pdf": PDF}
    lay(tmp_path / "outbox" / "12", bundle)
    outbox.claim(ready(outbox), "i-1")
    lay(tmp_path / "outbox" / "12", bundle)

    assert [claim.id for claim in taken_up(outbox)] == ["i-1"]
    assert contents(tmp_path / "outbox") == ["12"]


def test_a_node_killed_anywhere_in_a_claim_loses_nothing(tmp_path):
    """It dies at its first, second, third … move; the next start finds the drop whole."""
    body = (
        "import os, sys\nfrom datetime import timedelta\nfrom pathlib import Path\n"
        "from edge_node.adapters.drops import OutboxSettings\n"
        "from edge_node.adapters.outbox import Outbox\n"
        "root, fatal = Path(sys.argv[1]), int(sys.argv[2])\nseen = []\n"
        "def count(event, arguments):\n"
        "    if event in ('os.rename', 'os.mkdir'):\n"
        "        seen.append(event)\n"
        "        if len(seen) == fatal: os._exit(9)\n"
        "box = Outbox(root / 'outbox', root / 'claims', OutboxSettings(quiet=timedelta(0)))\n"
        "[drop] = box.scan(0.0).ready\nsys.addaudithook(count)\nbox.claim(drop, 'i-1')\n"
    )
    outcomes = []
    for fatal in range(1, 8):
        here = tmp_path / f"{fatal}"
        here.mkdir()
        outbox = an_outbox(here, **AT_ONCE)
        lay(here / "outbox", A_FILE)
        (here / "claims").mkdir()
        ran = subprocess.run(
            [sys.executable, "-c", body, os.fspath(here), f"{fatal}"],
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        claims = taken_up(outbox) or [outbox.claim(ready(outbox), "i-2")]
        assert names([claims[0].sheet, *claims[0].files]) == list(A_FILE)
        assert contents(here / "outbox") == []
        outcomes.append((ran.returncode, claims[0].id))

    assert outcomes == [(9, "i-2")] * 3 + [(9, "i-1")] * 2 + [(0, "i-1")] * 2


def test_a_held_drop_does_not_hold_up_the_others(tmp_path):
    """The scan goes on naming it beside what is ready."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox" / "empty", {})
    lay(tmp_path / "outbox", A_FILE)

    scan = outbox.scan(0.0)

    assert [drop.name for drop in scan.ready] == ["12"]
    assert list(why(scan)) == ["empty"]
