"""The commands about the agency's own keys: what there is, whether it is fit, which one signs."""

from __future__ import annotations

import re

import needs
import pytest
from keys_world import Agency
from pki_plan import AGENCY_CODE


@pytest.fixture
def agency(tmp_path, pki):
    """Give the agency whose code one of the certificates names, believing both roots."""
    return Agency(tmp_path, pki, code=AGENCY_CODE).believe()


def facts(text):
    """Return what stands behind which name, of a single sheet."""
    return dict(re.findall(r"^(\S[A-Za-z0-9 -]*?)  +(.*)$", text, re.MULTILINE))


def test_every_key_is_shown_with_its_role_and_its_days(agency):
    """Nobody outside is asked: whose, by whom, until when, and whether it names the agency."""
    agency.has(agency.file("agency"), agency.file("expired"), agency.pem("p256"))
    answer = agency.run("cert", "show")
    ours, expired, spare = map(facts, answer.stdout.split("\n\n"))

    assert (answer.returncode, answer.stderr) == (0, "")
    assert (ours["key"], ours["role"]) == ("agency", "signs now")
    assert ours["issuer"] == "Cơ quan chứng thực số chuyên dùng Chính phủ G2"
    assert re.fullmatch(r"2045-01-01 \(\d{4} days left\)", ours["valid until"])
    assert ours["algorithm"] == "rsa-pkcs1-sha256"
    assert ours["agency"] == f"it names this agency: {AGENCY_CODE}"
    assert re.fullmatch(r"2024-01-01 \(ran out \d+ days ago\)", expired["valid until"])
    assert (spare["role"], spare["algorithm"]) == ("not used", "ecdsa-p256-sha256")
    assert spare["agency"] == "it names no code of an agency"


def test_a_key_that_cannot_be_opened_is_shown_with_the_reason(agency):
    """The others are shown all the same, and values for programs have both."""
    agency.has(agency.file("agency", password="wrong"), agency.pem("p256"))
    broken, sound = agency.values("cert", "show")

    assert broken["certificate"] is None
    assert "password" in broken["faults"][0]["why"]
    assert (sound["name"], sound["role"], sound["faults"]) == ("p256", "spare", [])
    assert sound["certificate"]["subject"] == "Signer p256"
    assert re.search(r"^trouble +.*password", agency.run("cert", "show").stdout, re.MULTILINE)


def test_without_keys_there_is_nothing_to_show(agency):
    """It is no error to sign elsewhere; to check what is not there is one."""
    shown, checked = agency.run("cert", "show"), agency.run("cert", "check")

    assert (shown.returncode, shown.stdout) == (0, "")
    assert shown.stderr == "no key to sign with is configured: signing.keys\n"
    assert checked.returncode == 1
    assert checked.stderr == (
        "edge-node: no key to sign with is configured\nhint: name one in signing.keys\n"
    )


def test_a_fit_key_is_told_in_sentences(agency):
    """Opened, tried, traced to a root, asked about, and compared with the agency's code."""
    agency.has(agency.file("agency"))
    answer = agency.run("cert", "check")

    assert (answer.returncode, answer.stderr) == (0, "")
    told = facts(answer.stdout)
    assert told["key"] == "agency (signs now)"
    assert told["verdict"] == "fit to sign"
    assert told["why"] == "it opens, its trial signature fits, and its certificate is good"
    for words in (
        "it leads to a root that is trusted here: Cơ quan chứng thực số chuyên dùng Chính phủ G2",
        "its authority says that it has not been revoked",
        " until 2045-01-01 (",
        f"it names this agency: {AGENCY_CODE}",
    ):
        assert words in answer.stdout
    (values,) = agency.values("cert", "check")
    assert (values["fit"], values["belonging"], values["revocation"]) == (True, "ours", "good")


def test_a_key_that_is_not_fit_says_why_and_stays_where_it_is(agency):
    """Exit 1 from a check, and neither staged nor activated, for whatever reason given."""
    agency.has(agency.pem("p256"), agency.file("expired"))
    answer = agency.run("cert", "check", "expired")
    told = facts(answer.stdout)
    assert (answer.returncode, told["verdict"]) == (1, "not fit to sign")
    assert told["why"] == "the certificate ran out on 2024-01-01"
    assert told["hint"].startswith("have a new certificate issued")
    assert re.search(
        r"it is valid from \S+ until 2024-01-01 \(ran out \d+ days ago\)", answer.stdout
    )

    for order in (("stage", "expired"), ("activate", "expired", "--force", "it is urgent")):
        answer = agency.run("cert", *order)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr.splitlines()[:2] == [
            "edge-node: the key expired is not fit to sign: nothing was changed",
            "  the certificate ran out on 2024-01-01",
        ]
    assert not (agency.data / "signing.json").exists()


def test_generations_take_turns(agency):
    """Stage, activate, go back: each is checked, said and remembered."""
    agency.has(agency.file("agency"), agency.pem("p256"))

    staged = agency.run("cert", "stage", "p256")
    assert (staged.returncode, staged.stderr) == (0, "")
    assert staged.stdout == "p256 is next; it signs from: edge-node cert activate p256\n"
    assert [key["role"] for key in agency.values("cert", "show")] == ["active", "staged"]

    assert agency.run("cert", "activate", "p256").stdout == (
        "signs from now on: p256\nbefore: agency; back to it: edge-node cert activate agency\n"
    )
    assert [key["role"] for key in agency.values("cert", "show")] == ["former", "active"]
    assert agency.values("cert", "check")[0]["name"] == "p256"

    assert agency.run("cert", "activate", "agency").returncode == 0
    assert agency.run("cert", "stage", "agency").stdout == "it signs already: agency\n"


def test_a_key_nobody_configured_is_refused(agency):
    """The sentence says where the names are."""
    agency.has(agency.pem("p256"))
    answer = agency.run("cert", "activate", "seal")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("edge-node: there is no key seal in signing.keys\nhint: ")


def test_a_state_that_names_no_key_of_the_configuration_is_said_and_mended(agency):
    """The one that signed was taken out: nothing signs until another is activated."""
    agency.has(agency.file("agency"), agency.pem("p256"))
    assert agency.run("cert", "activate", "p256").returncode == 0
    agency.has(agency.file("agency"))

    shown = agency.run("cert", "show")
    assert shown.returncode == 1
    assert "the key that signs, p256, is not in signing.keys" in shown.stderr
    assert facts(shown.stdout)["role"] == "signed before"
    assert agency.run("cert", "activate", "agency").stdout == "signs from now on: agency\n"
    assert agency.run("cert", "show").returncode == 0


def test_another_agencys_certificate_is_taken_only_with_a_reason(tmp_path, pki):
    """A check warns of it; staging and activating need --force, and the log has the reason."""
    agency = Agency(tmp_path, pki, code="H37.02").believe()
    agency.has(agency.pem("p256"), agency.file("agency"))
    answer = agency.run("cert", "check", "agency")
    assert answer.returncode == 0
    assert facts(answer.stdout)["warning"] == (
        f"it names another agency: {AGENCY_CODE}, and not H37.02"
    )

    for order in ("stage", "activate"):
        refused = agency.run("cert", order, "agency")
        assert refused.returncode == 1
        assert f"names {AGENCY_CODE} and not H37.02: nothing was changed" in refused.stderr
        assert "--force REASON" in refused.stderr
    assert agency.run("cert", "activate", "agency", "--force", " ").returncode == 1

    taken = agency.run("cert", "activate", "agency", "--force", "Sáp nhập ngày 1/7")
    assert (taken.returncode, taken.stdout.splitlines()[0]) == (0, "signs from now on: agency")
    assert 'reason="Sáp nhập ngày 1/7"' in taken.stderr


def test_a_key_on_a_token_is_checked_and_a_wrong_pin_is_told_once(agency, pki, tmp_path):
    """By whatever command, and however often: the token does not lock itself."""
    needs.program("softhsm2-util", "softhsm2")
    token = pki.softhsm(tmp_path / "token", "p256")
    agency.has(agency.token(token))
    assert agency.run("cert", "check").returncode == 0

    agency.secret("token", "000000")
    first, second = (agency.run("cert", order) for order in ("check", "show"))
    assert "the token edge refused the PIN" in first.stdout
    assert "was refused before" in second.stdout
    assert "000000" not in first.stdout + second.stdout

    agency.secret("token", token.pin)
    assert agency.run("cert", "check").returncode == 0


def test_an_expired_certificate_stops_no_receiving(office, other, pki):
    """The only key has run out: nothing can be signed, and documents arrive and are delivered."""
    signer = pki.signer("expired")
    key = {
        "name": "seal",
        "pem": str(signer.key_path),
        "certificates": str(signer.certificate_path),
    }
    other.configure(signing={"level": "B-B", "keys": [key]})
    assert other.command("cert", "check").returncode == 1
    document = office.drop(1, other)

    assert office.command("once").returncode == other.command("once").returncode == 0

    assert other.inbox() == [document]
    assert not (other.home / "data" / "signing.json").exists(), "nobody asked which key signs"


@pytest.mark.parametrize("language", ["en", "vi"])
def test_sheets_fit_a_terminal(agency, language):
    """Nothing is wider than 80 columns, whatever agencies and authorities are called."""
    agency.has(agency.file("stranger"), agency.file("agency"))
    shown = agency.shown("cert", "show", EDGE_NODE_LANG=language)
    told = agency.shown("cert", "check", "agency", EDGE_NODE_LANG=language)

    assert max(map(len, shown + told)) <= 80
    for lines in (shown, told):
        words = " ".join(" ".join(lines).split())
        assert "Môi trường Thành phố Hồ Chí Minh" in words
