"""`edge-node setup` for a person at a terminal: what is asked, and what is made of the answers."""

from __future__ import annotations

import pytest
from at_terminal import ME, SECRET, person
from system_world import edge_node

from edge_node.config import load


def test_a_person_is_asked_and_answers(etc, tmp_path):
    """What cannot be meant is asked for again; the secret is not shown; Enter takes the usual."""
    with person(etc) as clerk:
        clerk.answers("Address of the axis", "http://example.vn")
        clerk.sees("expected an https address")
        clerk.answers("Address of the axis", "http://127.0.0.1:9")
        clerk.answers("The secret the axis gave you", "")
        clerk.sees("nothing was typed")
        clerk.answers("The secret the axis gave you", SECRET)
        clerk.answers("The agency's code, or words", "H37.02.03")
        clerk.answers("The agency's name", "Ủy ban nhân dân xã Mẫu")
        clerk.answers("What the instance is called", "xã")
        clerk.sees("expected a name of letters, digits and dashes")
        clerk.answers("[h37-02-03]", "xa-mau")
        clerk.sees("[/var/lib/edge-node/xa-mau/exchange]")
        clerk.answers("", str(tmp_path / "state" / "exchange"))
        clerk.answers("The node's own folder", str(tmp_path / "state" / "data"))
        clerk.answers("User of the document software", "no-such-user")
        clerk.sees("this machine has no such user")
        clerk.answers("User of the document software")
        clerk.answers("The agency's key with its certificate", "/nowhere/seal.p12")
        clerk.sees("cannot be read: No such file or directory")
        clerk.answers("The agency's key with its certificate")
        clerk.sees("H37.02.03  Ủy ban nhân dân xã Mẫu")
        assert not etc.exists()  # nothing before it is agreed to
        clerk.answers("Set it up so? [Y/n]", "y")
        assert clerk.ends() == 0
    assert SECRET not in clerk.shown
    assert "Next:" in clerk.shown
    assert (etc / "xa-mau" / "axis-secret").read_text() == SECRET + "\n"
    assert load(etc / "xa-mau" / "config.yaml").agency.code == "H37.02.03"


def test_an_agency_is_found_by_its_name(etc, tmp_path, axis):
    """In the directory of the axis, once its address and the secret are known."""
    code = axis.codes.pop()
    secret = axis.secret(code).read_text().strip()
    with person(etc) as clerk:
        clerk.answers("Address of the axis", axis.url)
        clerk.answers("The secret the axis gave you", secret)
        clerk.answers("The agency's code, or words", "không ai cả")
        clerk.answers("the name the axis knows this system by", code)
        clerk.sees("no agency has such a code or such words in its name")
        clerk.answers("or other words", f"đơn vị {code}")
        clerk.sees(f"1  {code}  Đơn vị {code}")
        clerk.answers("Its number here", "1")
        clerk.sees(f"[Đơn vị {code}]")
        clerk.answers("", "")
        clerk.answers("What the instance is called", "don-vi")
        clerk.answers("Folder shared with", str(tmp_path / "state" / "exchange"))
        clerk.answers("The node's own folder", str(tmp_path / "state" / "data"))
        clerk.answers("User of the document software")
        clerk.answers("The agency's key with its certificate")
        clerk.answers("Set it up so?")
        assert clerk.ends() == 0
    config = load(etc / "don-vi" / "config.yaml")
    assert (config.agency.code, config.agency.name) == (code, f"Đơn vị {code}")
    assert secret not in clerk.shown


def test_a_directory_that_cannot_be_read_is_not_needed(etc, axis):
    """It is said why, and the code is asked for."""
    with person(etc) as clerk:
        clerk.answers("Address of the axis", axis.url)
        clerk.answers("The secret the axis gave you", "wrong")
        clerk.answers("The agency's code, or words", "xã Mẫu")
        clerk.answers("the name the axis knows this system by", axis.codes[0])
        clerk.sees("edge-node: ")
        clerk.answers("The agency's code", "H37.02.03")
        clerk.sees("The agency's name")


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_who_goes_away_leaves_nothing(etc, key):
    """In the middle of the questions."""
    with person(etc) as clerk:
        clerk.answers("Address of the axis", "http://127.0.0.1:9")
        clerk.answers("The secret the axis gave you", SECRET)
        clerk.sees("The agency's code, or words of its name to look it up: ")
        clerk.goes_away(key)
        assert clerk.ends() == 1
    assert "\nedge-node: it was broken off" in clerk.shown  # on a line of its own
    assert "Traceback" not in clerk.shown
    assert not etc.exists()


def test_a_person_is_asked_nothing_twice(etc, set_up):
    """What is there is said; another agency is set up only by whoever wants one."""
    assert set_up("--name", "xa-mau").returncode == 0
    with person(etc) as clerk:
        clerk.sees("there already:")
        clerk.sees("Next:")
        clerk.answers("Set up another agency on this machine? [y/N]", "")
        assert clerk.ends() == 0
    there = clerk.shown.split("there already:")[1].split("Next:")[0]
    assert "/xa-mau/config.yaml" in there.replace("\n", "")  # a long path is wrapped
    assert "Address of the axis" not in clerk.shown

    with person(etc) as clerk:
        clerk.answers("Set up another agency on this machine?", "y")
        clerk.answers("Address of the axis", "http://127.0.0.1:9")
        clerk.answers("The secret the axis gave you", SECRET)
        clerk.answers("The agency's code", "H37.02.04")
        clerk.answers("The agency's name", "Xã khác")
        clerk.answers("What the instance is called", "xa-mau")
        clerk.sees("there is an instance xa-mau already")


def test_where_nobody_can_be_asked_it_says_so(etc):
    """A service or a script has no terminal."""
    answer = edge_node("setup", "--etc", etc, "--user", ME)
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "edge-node: there is nobody to ask: this is not a terminal",
        "hint: give the answers in a file: edge-node setup --answers FILE",
    ]


def test_yes_is_said_in_either_language(etc, set_up, tmp_path):
    """However its letters are composed; what is pasted along unseen is no part of an answer."""
    assert set_up("--name", "xa-mau").returncode == 0
    with person(etc) as clerk:
        clerk.answers("Set up another agency on this machine? [y/N]", "dạ")
        clerk.sees("y is yes, n is no")
        clerk.answers("Set up another agency on this machine? [y/N]", "co\u0301")
        clerk.answers("Address of the axis", "\ufeffhttp://127.0.0.1:9\u200b")
        clerk.answers("The secret the axis gave you", f"\ufeff{SECRET} ")
        clerk.answers("The agency's code", "H37.02.04")
        clerk.answers("The agency's name", "Xã khác")
        clerk.answers("What the instance is called", "xa-khac")
        clerk.answers("Folder shared with", str(tmp_path / "state" / "exchange" / "outbox"))
        clerk.sees("lie in one another")
        clerk.answers("Folder shared with", str(tmp_path / "other" / "exchange"))
        clerk.answers("The node's own folder", str(tmp_path / "other" / "exchange" / "data"))
        clerk.sees("it must not lie in the folder that is shared")
        clerk.answers("The node's own folder", str(tmp_path / "other" / "data"))
        clerk.answers("User of the document software")
        clerk.answers("The agency's key with its certificate")
        clerk.answers("Set it up so? [Y/n]", "có")
        assert clerk.ends() == 0
    assert (etc / "xa-khac" / "axis-secret").read_text() == SECRET + "\n"
    assert load(etc / "xa-khac" / "config.yaml").axis.url == "http://127.0.0.1:9"


def says_all_but_the_key(clerk, folder):
    """Answer whatever comes before the key."""
    clerk.answers("Address of the axis", "http://127.0.0.1:9")
    clerk.answers("The secret the axis gave you", SECRET)
    clerk.answers("The agency's code", "H37.02.04")
    clerk.answers("The agency's name", "Xã khác")
    clerk.answers("What the instance is called")
    clerk.answers("Folder shared with", str(folder / "exchange"))
    clerk.answers("The node's own folder", str(folder / "data"))
    clerk.answers("User of the document software")


def test_a_key_is_opened_before_it_is_taken(etc, tmp_path, pki):
    """With its password; whoever mistypes it hears so at once, rather than when it is to sign."""
    signer = pki.signer("agency")
    (tmp_path / "seal.p12").write_bytes(signer.pkcs12("pw"))
    (tmp_path / "none.p12").write_bytes(b"no key")
    with person(etc) as clerk:
        says_all_but_the_key(clerk, tmp_path)
        clerk.answers("The agency's key with its certificate", str(tmp_path / "none.p12"))
        clerk.answers("The password of that file", "pw")
        clerk.sees("none.p12 is not a PKCS #12 file")
        clerk.answers("The agency's key with its certificate", str(tmp_path / "seal.p12"))
        clerk.answers("The password of that file", "another")
        clerk.sees("password")
        clerk.answers("The agency's key with its certificate", str(tmp_path / "seal.p12"))
        clerk.answers("The password of that file", "pw")
        clerk.sees("Address of a time-stamp server")


def test_no_ends_it_without_a_trace(etc, tmp_path):
    """Whoever sees what is going to be done, and does not want it."""
    with person(etc) as clerk:
        says_all_but_the_key(clerk, tmp_path)
        clerk.answers("The agency's key with its certificate")
        clerk.answers("Set it up so? [Y/n]", "k")
        assert clerk.ends() == 1
    assert not etc.exists()
    assert list(tmp_path.iterdir()) == []
