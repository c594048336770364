"""A dry run signs with the real key, verifies, packs and reads back, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from socket import create_server

import needs
import pytest
from dropping import a_sheet, lay
from foreseen import a_dry_run, everything_in, words_of
from keys_world import Agency
from packages import read
from pki_plan import AGENCY_CODE
from signed_pdfs import a_pdf

from edge_node.config import load

SECRET = "a shared secret nobody prints"


@pytest.fixture
def agency(tmp_path, pki):
    """Give an agency that signs all it sends, believing both roots."""
    agency = Agency(tmp_path, pki, code=AGENCY_CODE, documents="always").believe()
    agency.told["directory"] = {"lists": []}
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret").chmod(0o600)
    return agency.has(agency.file("agency"))


@pytest.fixture
def drop(tmp_path):
    """Give a drop that lies somewhere."""
    return lay(tmp_path / "12", {"document.json": a_sheet("a.pdf"), "a.pdf": a_pdf()})


def kept(agency):
    """Return what the node keeps but what it knows of its own keys."""
    found = everything_in(agency.data)
    return {path: told for path, told in found.items() if "own-certificates" not in path.parts}


def test_it_is_signed_verified_packed_and_read_back(agency, drop, tmp_path):
    """The copy is signed and the original as it was; nothing stays in the folders of the node."""
    before, dropped = kept(agency), everything_in(drop)
    with a_dry_run(load(agency.config), drop) as rehearsed:
        assert words_of(rehearsed) == []
        package = read(rehearsed.path.read_bytes(), tmp_path)
        room = rehearsed.path.parents[3]
    (act,) = rehearsed.acts

    assert (act.file, act.key, act.stamped_by) == ("a.pdf", "agency", "Time tsa")
    assert str(rehearsed.verdicts["a.pdf"].verdict) == "VALID"
    assert package.files[0].size == act.stored.size > len(a_pdf())
    assert (kept(agency), everything_in(drop)) == (before, dropped)
    assert not room.exists()


def test_the_request_is_shown_and_what_proves_the_secret_is_not(agency, drop):
    """Method, address, every header, how long the body is; nobody listens there."""
    with a_dry_run(load(agency.config), drop) as rehearsed:
        (request,) = rehearsed.requests
    headers = dict(request.headers)

    assert (request.verb, request.url) == ("POST", "http://127.0.0.1:1/sendEdoc")
    assert headers["XroadVnpt-from"] == AGENCY_CODE
    assert headers["Content-Length"] == str(request.size) == str(rehearsed.package.size + 2)
    assert set(headers["XroadVnpt-hash-header"]) == {"*"}
    assert SECRET not in str(rehearsed)


def a_silent_server():
    """Give a server that takes calls and never answers."""
    return create_server(("127.0.0.1", 0))


def unanswered(agency):
    with create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    agency.told["stamps"] = {"servers": [{"url": nobody}], "timeout": "2s", "tries": 1}
    agency.written()


BROKEN = {
    "expired": (
        lambda agency: agency.has(agency.file("expired")),
        "the certificate of the key is not good to sign with",
    ),
    "wrong password": (
        lambda agency: agency.has(agency.file("agency", password="wrong")),
        "password",
    ),
    "not matching": (
        lambda agency: agency.has(
            agency.pem("p256") | {"certificates": agency.pem("agency")["certificates"]}
        ),
        "certificate",
    ),
    "gone": (
        lambda agency: (agency.folder / "agency.p12").unlink(),
        "agency.p12",
    ),
    "no authority for time": (unanswered, "time-stamp"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_hinders_signing_is_named_with_its_cure(agency, drop, case):
    """It passes: such a drop is not refused but waits; nothing is packed meanwhile."""
    breaking, word = BROKEN[case]
    breaking(agency)
    with a_dry_run(load(agency.config), drop) as rehearsed:
        assert rehearsed.path is None
    (problem,) = rehearsed.problems

    assert word in str(problem.what)
    assert problem.hint is not None
    assert problem.passes
    assert rehearsed.requests == ()


def test_an_authority_that_hangs_is_not_waited_for_for_ever(agency, drop):
    """As long as `stamps.timeout` says, and the sentence names the authority."""
    with a_silent_server() as server:
        slow = f"http://127.0.0.1:{server.getsockname()[1]}"
        agency.told["stamps"] = {"servers": [{"url": slow}], "timeout": "1s", "tries": 1}
        agency.written()
        with a_dry_run(load(agency.config), drop) as rehearsed:
            (problem,) = rehearsed.problems
    assert "time-stamp" in str(problem.what)
    assert problem.passes


def test_a_wrong_pin_is_told_to_the_token_once_however_often_it_is_tried(agency, drop, pki):
    """Of all a dry run might leave behind, this alone is kept: the token must not lock itself."""
    needs.program("softhsm2-util", "softhsm2")
    token = pki.softhsm(agency.folder / "token", "agency")
    agency.has(agency.token(token, pin="000000"))
    for words in ("refused the PIN", "was refused before"):
        with a_dry_run(load(agency.config), drop) as rehearsed:
            (problem,) = rehearsed.problems
        assert words in str(problem.what)
        assert "000000" not in str(problem)

    agency.secret("token", token.pin)
    with a_dry_run(load(agency.config), drop) as rehearsed:
        assert words_of(rehearsed) == []


def test_a_token_that_is_away_is_named(agency, drop, pki):
    """Put it back, and it goes on by itself."""
    needs.program("softhsm2-util", "softhsm2")
    token = pki.softhsm(agency.folder / "token", "agency")
    agency.has(agency.token(token) | {"token": "another"})
    with a_dry_run(load(agency.config), drop) as rehearsed:
        (problem,) = rehearsed.problems
    assert "another" in str(problem.what)
    assert problem.hint is not None


def test_a_secret_that_cannot_be_read_is_a_problem(agency, drop):
    """All is packed by then, and no request can be shown."""
    Path(agency.folder / "secret").unlink()
    with a_dry_run(load(agency.config), drop) as rehearsed:
        (problem,) = rehearsed.problems
    assert "secret" in str(problem.what)
    assert rehearsed.package is not None


def test_a_package_that_lost_something_on_the_way_is_noticed(agency, drop, monkeypatch):
    """What is read back is compared with what was dropped, header and files."""
    from edge_node.protocol import edxml

    whole = edxml.write_document
    broken = lambda document, parts, *rest, **more: whole(document, parts[:-1], *rest, **more)  # noqa: E731
    monkeypatch.setattr(edxml, "write_document", broken)
    (drop / "b.txt").write_bytes(b"annex")
    (drop / "document.json").write_bytes(a_sheet("a.pdf", "b.txt"))
    with a_dry_run(load(agency.config), drop) as rehearsed:
        (problem,) = rehearsed.problems
    assert str(problem.what) == "the package does not say what was dropped: Attachment"
