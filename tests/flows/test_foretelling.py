"""Lint says of a drop what intake then does with it, names all that is wrong, and does nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import graded
import pytest
from directories import fill
from dropping import lay
from flows_world import LETTER, a_sheet, as_json, in_vietnamese, names
from foreseen import everything_in, foreseen, words
from sandbox_world import a_package

from edge_node.cli.prospects import Outlook
from edge_node.domain.directory import Distrust, Known
from edge_node.domain.envelope import Agency
from edge_node.domain.signing import SigningPolicy, Unsigned

PAGE = LETTER.read_bytes()
NAMED = "Ủy ban nhân dân xã Mẫu"
RECALLED = {"kind": "recall", "document_id": "none of ours", "reason": "Sai nơi nhận"}


def a_bundle(*files, to="H99.9", **sheet):
    """Return the files of a folder, by name."""
    given = dict(files) if files else {"a.pdf": PAGE}
    return {"document.json": as_json(a_sheet(*given, to=to, **sheet))} | given


def in_a_folder(files):
    """Drop a folder of these files."""
    return lambda desk: desk.drop_raw("12", files)


def loose(anchor, files):
    """Drop these files beside each other; ``anchor`` is what a person would name."""

    def drop(desk):
        lay(desk.outbox, files(desk) if callable(files) else files)
        return desk.outbox / anchor

    return drop


def our_package(desk):
    return {"12.edxml": a_package(desk.code, "H99.9", pdf=PAGE)}


DROPS = {
    "a folder": (in_a_folder(a_bundle()), "sent"),
    "a sidecar": (
        loose("12.json", {"12.json": as_json(a_sheet("a.pdf", to="H99.9")), "a.pdf": PAGE}),
        "sent",
    ),
    "a file a sidecar names": (
        loose("a.pdf", {"12.json": as_json(a_sheet("a.pdf", to="H99.9")), "a.pdf": PAGE}),
        "sent",
    ),
    "a package": (loose("12.edxml", our_package), "sent"),
    "a bare file": (
        loose("12-UBND_2026-11-21_H99.9.pdf", {"12-UBND_2026-11-21_H99.9.pdf": PAGE}),
        "sent",
    ),
    "an unknown key": (in_a_folder(a_bundle(typ="x")), "refused"),
    "no receiver": (in_a_folder(a_bundle(to=[])), "refused"),
    "one receiver twice": (in_a_folder(a_bundle(to=["H99.9", "h99.9"])), "refused"),
    "a file that is missing": (
        in_a_folder(
            {"document.json": as_json(a_sheet("a.pdf", "b.pdf", to="H99.9")), "a.pdf": PAGE}
        ),
        "refused",
    ),
    "a file that is empty": (in_a_folder(a_bundle(("a.txt", b""))), "refused"),
    "a PDF that is none": (in_a_folder(a_bundle(("a.pdf", b"text" * 99))), "refused"),
    "another's package": (
        loose("12.edxml", lambda _: {"12.edxml": a_package("H99.8", "H99.9")}),
        "refused",
    ),
    "a broken package": (loose("12.edxml", {"12.edxml": b"<edXML></edXML>"}), "refused"),
    "a bare file of a wrong date": (
        loose("12-UBND_2026-13-41_H99.9.pdf", {"12-UBND_2026-13-41_H99.9.pdf": PAGE}),
        "refused",
    ),
    "a sheet that is a secret": (in_a_folder(a_bundle(secrecy="mật")), "stays"),
    "a page that is a secret": (in_a_folder(a_bundle(("a.pdf", graded.a_page("MẬT")))), "stays"),
    "a bare file nobody knows": (loose("x.pdf", {"x.pdf": PAGE}), "stays"),
    "a folder without a sheet": (in_a_folder({"a.pdf": PAGE}), "stays"),
    "an unfinished name": (loose("12.pdf.tmp", {"12.pdf.tmp": PAGE}), "stays"),
    "a recall of what is unknown": (
        in_a_folder({"document.json": as_json(a_sheet(to="H99.9", business=RECALLED))}),
        "sent",
    ),
    "a policy that is less": (in_a_folder(a_bundle(signing={"policy": "always"})), "refused"),
}


@pytest.mark.parametrize("case", DROPS)
def test_what_is_foretold_is_what_intake_does(world, case):
    """Sent, refused, or left where it lies; and foretelling it changes nothing anywhere."""
    drop, expected = DROPS[case]
    desk = world.desk(intake={"settle_timeout": timedelta()})
    path = drop(desk)
    before = everything_in(desk.exchange, desk.config.folders.data)

    (prospect,) = foreseen(desk.config, path, now=desk.now)

    assert prospect.outlook == expected, words(prospect)
    assert everything_in(desk.exchange, desk.config.folders.data) == before
    assert bool(words(prospect)) == (expected == "refused" or prospect.told.secret)
    desk.turn("intake", "file")
    left = [
        name for name in names(desk.outbox) if not name.endswith((".error.json", ".error.txt"))
    ]
    assert bool(left) == (expected == "stays")
    failed = list((desk.exchange / "failed").glob("*/*/*/*"))
    assert bool(failed) == (expected == "refused")


@pytest.mark.parametrize(
    "case", [case for case, (_, expected) in DROPS.items() if expected == "refused"]
)
def test_every_word_of_a_refusal_is_foretold(world, case):
    """Whatever intake writes into error.json stands among the problems, in the same words."""
    desk = world.desk(intake={"settle_timeout": timedelta()})
    path = DROPS[case][0](desk)
    (prospect,) = foreseen(desk.config, path, now=desk.now)
    desk.turn("intake")

    (place,) = (desk.exchange / "failed").glob("*/*/*/*")
    error = desk.error(str((place / "error").relative_to(desk.exchange)))
    told = [in_vietnamese(problem.what) for problem in prospect.problems]
    assert set(error["problems"] or [error["message"]]) <= set(told)


def test_all_that_is_wrong_is_named_at_once(world):
    """Sheet, files, receivers, one after the other; a clerk mends it once."""
    desk = world.desk()
    text = b"%PDF-1.7\n" + "\N{REPLACEMENT CHARACTER}".encode() * 999 + b"%%EOF\n"
    files = {"a.pdf": b"%PDF-1.7\n", "e.docx": b"", "t.pdf": text, "document.json": b""}
    files["document.json"] = as_json(
        a_sheet("a.pdf", "e.docx", "t.pdf", "no.pdf", to=["?", "H99.9"], typ="x", date="tomorrow")
    )
    (prospect,) = foreseen(desk.config, desk.drop_raw("12", files), now=desk.now)

    assert prospect.outlook is Outlook.REFUSED
    told = words(prospect)
    for place in ("a.pdf", "e.docx", "t.pdf", "no.pdf", "to[0]", "typ", "date"):
        assert sum(word.startswith(place) for word in told) == 1, (place, told)
    assert all(each.hint for each in prospect.problems)


def test_all_fields_are_read_and_nothing_is_signed(world):
    """Of a drop that is good there is the whole order, each file and what it is worth."""
    desk = world.desk()
    bundle = a_bundle(priority="khẩn", ref="qlvb-1", staff={"name": "Lan"}, due="2026-12-01")
    (prospect,) = foreseen(desk.config, desk.drop_raw("12", bundle), now=desk.now)

    order = prospect.told.order
    assert (order.document.code, order.ref, order.document.priority) == ("12/UBND-VP", "qlvb-1", 1)
    (file,) = prospect.told.files
    assert (file.named.file, file.stored.size, str(file.kind)) == ("a.pdf", len(PAGE), "pdf")
    assert prospect.told.signatures.verdicts["a.pdf"].signed is False


def test_when_it_is_taken_is_known_without_waiting(world):
    """The quiet period, the grace of a bare file, the patience with one that is not whole."""
    desk = world.desk(
        intake={
            "quiet": timedelta(seconds=5),
            "bare_grace": timedelta(minutes=7),
            "settle_timeout": timedelta(minutes=20),
        }
    )
    cases = ("a folder", "a bare file", "a file that is missing")
    paths = [DROPS[case][0](desk) for case in cases[:2]]
    paths.append(desk.drop_raw("13", {"document.json": as_json(a_sheet("b.pdf", to="H99.9"))}))

    taken = [foreseen(desk.config, path, now=desk.now)[0].lying.after for path in paths]
    assert taken == [timedelta(seconds=5), timedelta(minutes=7), timedelta(minutes=20)]


def test_a_whole_folder_of_drops_is_foretold_one_by_one(world, tmp_path):
    """Wherever it lies, and nothing of it has to be in the exchange folder."""
    desk = world.desk()
    home = lay(
        tmp_path / "drops", {"x.pdf": PAGE, "9.json": as_json(a_sheet("no.pdf", to="H99.9"))}
    )
    lay(home / "12", a_bundle())
    found = {each.lying.path.name: each.outlook for each in foreseen(desk.config, home)}

    assert found == {"12": "sent", "9.json": "refused", "x.pdf": "stays"}


def test_without_a_node_it_says_what_was_not_compared(world):
    """A configuration is enough; no folder and no queue is made by looking."""
    desk = world.desk()
    data = desk.config.folders.data / "new"
    folders = replace(desk.config.folders, data=data, exchange=data / "exchange")
    path = desk.drop_raw("12", a_bundle())
    (prospect,) = foreseen(replace(desk.config, folders=folders), path)

    assert prospect.outlook is Outlook.SENT
    (word,) = map(str, prospect.uncompared)
    assert word == f"no node has worked in {data} yet: nothing was compared with what was sent"
    assert not data.exists()


def test_a_queue_that_is_damaged_hinders_nobody_from_looking(world):
    """What could not be compared is said, and why."""
    desk = world.desk()
    path = desk.drop_raw("12", a_bundle())
    desk.node.close()
    desk.config.folders.queue.write_bytes(b"no database" * 999)
    (prospect,) = foreseen(desk.config, path, now=desk.now)

    assert prospect.outlook is Outlook.SENT
    assert str(prospect.uncompared[0]).startswith("nothing was compared with what was sent: ")


def test_what_was_sent_before_is_known(world):
    """By the queue, whether or not the node runs."""
    desk, other = world.desk(), world.desk()
    desk.drop_raw("12", a_bundle(to=other.code))
    desk.turn()
    (prospect,) = foreseen(desk.config, desk.drop_raw("12", a_bundle(to=other.code)))

    assert words(prospect) == [f"this document was sent before, to {other.code}"]


def test_receivers_have_the_names_of_the_directory_and_its_objections(world):
    """Unknown, or taken over by another: a warning or a problem, as the rule is."""
    strict = {"unknown": Distrust.REFUSE, "merged": Distrust.REFUSE}
    for rules, expected in (({}, Outlook.SENT), (strict, Outlook.REFUSED)):
        desk = world.desk(directory=rules)
        units = [Agency(code="H37.05", name="Sở Cũ"), Agency(code="H37.13", name=NAMED)]
        fill(desk.node.directory, units, now=desk.now)
        desk.node.directory.update.know([Known(code="H37.05", successor="H37.13")])
        bundle = a_bundle(to=["H37.13", "H37.31", "H37.05"])
        (prospect,) = foreseen(desk.config, desk.drop_raw("12", bundle), now=desk.now)

        assert prospect.outlook is expected
        said = words(prospect) or [str(each) for each in prospect.told.warnings]
        assert f"H37.05 was taken over by H37.13, {NAMED}" in said
        assert any(word.startswith("H37.31 is not in the directory of agencies") for word in said)
        assert prospect.told.receivers[0].unit.name == NAMED


def test_a_package_over_the_limit_is_refused_before_it_is_made(world):
    """Each file, and all of them together as the package will have them."""
    desk = world.desk(limits={"attachment": len(PAGE) + 9, "package": 2 * len(PAGE)})
    two = a_bundle(("a.pdf", PAGE), ("b.pdf", PAGE + b"\n"))
    path = desk.drop_raw("12", two)
    (prospect,) = foreseen(desk.config, path, now=desk.now)

    (word,) = words(prospect)
    assert word.startswith(f"expected a package of at most {2 * len(PAGE)} bytes")
    desk.turn("intake")
    assert len(list((desk.exchange / "failed").glob("*/*/*/12"))) == 1


def test_what_only_the_node_may_not_read_is_named_to_whoever_may(world):
    """A person looks as root; what counts is whether the node can."""
    desk = world.desk()
    path = desk.drop_raw("12", a_bundle())
    (path / "a.pdf").chmod(0o600)
    desk.config.folders.data.chmod(0o711)
    os.chown(desk.config.folders.data, 65534, 65534)
    (prospect,) = foreseen(desk.config, path, now=desk.now)
    os.chown(desk.config.folders.data, 0, 0)

    assert any("the node may not take a.pdf" in word for word in words(prospect))


def test_a_signature_that_is_demanded_and_cannot_be_made_is_a_problem(world):
    """No key, nobody who ordered it, or no signature where one is needed."""
    desk = world.desk(signing={"documents": SigningPolicy.ALWAYS})
    (prospect,) = foreseen(desk.config, desk.drop_raw("12", a_bundle()), now=desk.now)
    assert "nobody is named who ordered that" in words(prospect)[0]

    desk = world.desk(signing={"documents": SigningPolicy.ALWAYS, "operator": "A", "basis": "B"})
    (prospect,) = foreseen(desk.config, desk.drop_raw("12", a_bundle()), now=desk.now)
    assert words(prospect) == ["the document is to be signed, but this node has no key"]
    assert prospect.told.signatures.wanted == ("a.pdf",)

    desk = world.desk(signing={"unsigned": Unsigned.REFUSE})
    (prospect,) = foreseen(desk.config, desk.drop_raw("12", a_bundle()), now=desk.now)
    assert words(prospect) == ["a.pdf holds no signature"]


def test_what_was_refused_where_it_lies_is_looked_at_again(world):
    """The reason is found anew; that nobody else looks before it changes is said."""
    desk = world.desk()
    path = desk.drop_raw("12", a_bundle(secrecy="mật"))
    desk.turn("intake")
    (prospect,) = foreseen(desk.config, path, now=desk.now)

    assert (prospect.outlook, prospect.told.secret) == ("stays", True)
    assert prospect.lying.refused.name == "12.error.txt"
    assert prospect.told.order is None
