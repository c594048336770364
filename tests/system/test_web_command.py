"""The commands about the web page, and the process that serves it."""

import http.client
import re
import signal
import stat

import pytest
from confined import another_group
from notified import a_service_manager
from system_world import an_office, running, until


@pytest.fixture
def office(axis, tmp_path):
    return an_office(tmp_path, axis)


def test_the_page_is_off_until_somebody_switches_it_on(office):
    """The command refuses, and says which key it takes."""
    answer = office.command("web")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "the web page is not switched on" in answer.stderr
    assert "web.enabled: true" in answer.stderr


def test_a_page_without_a_token_is_not_served(office):
    """The hint is the command that makes one."""
    office.configure(web={"enabled": True, "listen": "127.0.0.1:0"})
    answer = office.command("web")
    assert answer.returncode == 1
    assert "edge-node web token" in answer.stderr


def test_a_token_that_everybody_may_read_is_not_used(office):
    """As with every secret: the mode is looked at."""
    office.configure(web={"enabled": True, "listen": "127.0.0.1:0"})
    office.command("web", "token")
    token = office.home / "data" / "web-token"
    token.chmod(0o644)
    answer = office.command("web")
    assert answer.returncode == 1
    assert f"chmod o-rwx {token}" in answer.stderr


def test_a_token_is_made_once_and_replaced_on_request_only(office):
    """It is shown when it is made; nobody else may read the file."""
    first = office.command("web", "token")
    token = office.home / "data" / "web-token"
    assert (first.returncode, first.stdout) == (0, token.read_text())
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert len(first.stdout.strip()) > 40
    again = office.command("web", "token")
    assert (again.returncode, again.stdout) == (1, "")
    assert token.read_text() == first.stdout
    new = office.command("web", "token", "--new")
    assert new.returncode == 0
    assert token.read_text() == new.stdout != first.stdout


def test_the_page_is_served_until_a_signal_and_beside_the_node(office):
    """It says where it is, lets in who knows the token, sees the node, and ends at once."""
    token = office.command("web", "token").stdout.strip()
    office.configure(web={"enabled": True, "listen": "127.0.0.1:0"})
    log = office.home / "web.log"
    with office.running() as node, running(log, "-c", office.config, "web") as page:
        url = until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", page.words))
        node.says("running")
        connection = http.client.HTTPConnection("127.0.0.1", int(url[1]), timeout=20)
        headers = {
            "Origin": url[0].rstrip("/"),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", "/enter", f"name=Hoa&token={token}", headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 303
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        connection.request("GET", "/", headers={"Cookie": cookie, "Accept-Language": "en"})
        assert "the node runs" in connection.getresponse().read().decode()
        connection.close()
        page.signal(signal.SIGTERM)
        assert page.ends(within=60) == 0
    assert token not in log.read_text()
    assert "Hoa" not in log.read_text()


def test_the_page_is_served_on_a_socket_for_a_proxy(office):
    """Its file is the owner's and the group's, and gone with the page."""
    office.command("web", "token")
    path = office.home / "web.sock"
    group = another_group()
    web = {"enabled": True, "listen": f"unix:{path}", "socket_group": group.gr_name}
    office.configure(web=web)
    with running(office.home / "web.log", "-c", office.config, "web") as page:
        page.says(f"unix:{path}")
        found = path.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, group.gr_gid)
        page.signal(signal.SIGTERM)
        assert page.ends(within=60) == 0
    assert not path.exists()


def test_the_page_tells_the_service_manager_that_it_lives(office):
    """Ready when it can be asked, alive again and again, and when it ends."""
    office.configure(web={"enabled": True, "listen": "127.0.0.1:0"})
    assert office.command("web", "token").returncode == 0
    with a_service_manager() as (address, manager):
        told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "900000"}
        with running(office.home / "web.log", "-c", office.config, "web", **told) as page:
            manager.hears("READY=1")
            manager.hears("WATCHDOG=1", times=4)
            page.signal(signal.SIGTERM)
            assert page.ends(within=60) == 0
        manager.hears("STOPPING=1")
        assert manager.count("READY=1") == 1
