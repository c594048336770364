"""Asking servers that strangers name: which are asked at all, and how much they may answer."""

from __future__ import annotations

import ssl
import time
from datetime import timedelta
from ipaddress import ip_network

import httpx
import pytest
import trustme
from loopback import http_server, raw_server, read_request

from edge_node.adapters import web
from edge_node.adapters.web import NoAnswer, Question, Reach, ask

HERE = Reach(private=(ip_network("127.0.0.0/8"),))
KB = 1024


def question(url, **told):
    return Question(**{"url": url, "largest": 64 * KB, "within": timedelta(seconds=5), **told})


def refused(url, reach=HERE, **told):
    """Return the error a question ends with."""
    with pytest.raises(NoAnswer) as caught:
        ask(question(url, **told), reach)
    return caught.value


def at(*addresses):
    """Return a reach for which every name stands for these addresses."""
    return Reach(resolve=lambda _host, _port: list(addresses))


def test_an_answer_is_the_body_of_what_was_asked():
    """A question with a body is a POST with its headers, one without a GET."""
    with http_server() as server:
        server.will_say(b"one")
        server.will_say(b"two")

        assert ask(question(f"{server.url}/crl?x=1"), HERE) == b"one"
        told = question(f"{server.url}/ocsp", body=b"asked", headers={"Content-Type": "a/b"})
        assert ask(told, HERE) == b"two"
        first, second = server.requests

    assert (first.verb, first.path) == ("GET", "/crl?x=1")
    assert (second.verb, second.body, second.lowered["content-type"]) == ("POST", b"asked", "a/b")
    assert first.lowered["host"] == server.url.removeprefix("http://")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - no one listens on it here
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::1",
        "2001:0:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "fec0::1",
        "5f00::1",
        "3fff::1",
    ],
)
def test_what_is_not_public_is_not_asked(address):
    """A stranger's certificate makes no node knock at doors inside its network."""
    error = refused("http://ocsp.example.vn/", at(address))

    assert "not public" in str(error)
    assert "trust.private" in str(error.hint)
    assert error.final


def test_a_name_that_leads_inside_is_not_asked_either():
    """It is the address that counts, whatever it is called."""
    with http_server() as server:
        port = server.server_address[1]

        error = refused(f"http://localhost:{port}/", Reach())

        assert "localhost lies in a network that is not public" in str(error)
        assert server.requests == []


@pytest.mark.parametrize(
    "address", ["203.162.0.11", "8.8.8.8", "2001:4860:4860::8888", "64:ff9b::8.8.8.8"]
)
def test_what_is_public_may_be_asked(address):
    """So may what is not, where its network is named."""
    assert at(address).doors(httpx.URL("http://a.vn/")) == [(address, 80)]
    inside = Reach(private=(ip_network("10.0.0.0/8"),), resolve=lambda *_: ["10.1.2.3"])
    assert inside.doors(httpx.URL("https://a.vn/")) == [("10.1.2.3", 443)]


@pytest.mark.parametrize(
    ("network", "address"),
    [("10.0.0.0/8", "64:ff9b::10.1.2.3"), ("fec0::/10", "fec0::1"), ("::1/128", "::1")],
)
def test_a_network_that_is_named_may_be_asked_whatever_it_is(network, address):
    """Also through a translator."""
    named = Reach(private=(ip_network(network),), resolve=lambda *_: [address])

    assert named.doors(httpx.URL("http://a.vn/")) == [(address, 80)]


def test_only_the_public_addresses_of_a_host_are_asked():
    """One that names both an outer and an inner address gets no question inside."""
    doors = at("10.0.0.1", "203.162.0.11").doors(httpx.URL("http://a.vn:81/"))

    assert doors == [("203.162.0.11", 81)]


def test_a_host_is_asked_where_the_configuration_says():
    """Responders that are found inside the specialised network only: under their own name."""
    with http_server() as server:
        server.will_say(b"told")
        elsewhere = Reach(hosts={"ocsp.ca.gov.vn": server.url.removeprefix("http://")})

        assert ask(question("http://OCSP.ca.gov.vn/a"), elsewhere) == b"told"
        assert server.requests[0].lowered["host"] == "ocsp.ca.gov.vn"


def test_a_second_address_is_tried_where_the_first_is_dead():
    """A host with several addresses answers by any of them."""
    with http_server() as server:
        server.will_say(b"told")
        port = server.server_address[1]
        reach = Reach(anywhere=True, resolve=lambda *_: ["127.0.0.9", "127.0.0.1"])

        assert ask(question(f"http://a.vn:{port}/"), reach) == b"told"


def test_a_redirect_is_not_followed():
    """It would lead past the bars."""
    with http_server() as server:
        server.will_say(b"", 302, Location="http://127.0.0.1:1/")

        error = refused(server.url)

    assert "HTTP 302" in str(error)
    assert error.final


@pytest.mark.parametrize(("code", "final"), [(404, True), (403, True), (500, False), (503, False)])
def test_a_no_is_told_by_its_code(code, final):
    """What a server lacks it will lack again; what fails may succeed later."""
    with http_server() as server:
        server.will_say(b"<html>", code)

        error = refused(server.url)

    assert (f"HTTP {code}" in str(error), error.final) == (True, final)


@pytest.mark.parametrize("announced", [True, False])
def test_an_answer_that_is_too_long_is_broken_off(announced):
    """Nobody fills our memory, announced or not."""
    body = b"x" * (65 * KB)
    with http_server() as server:
        server.will_say(body if announced else [body[:KB]] * 65)

        error = refused(server.url)

    assert "longer than 65536 bytes" in str(error)


def test_what_comes_packed_is_not_unpacked():
    """A few bytes that unpack to gigabytes stay a few bytes."""
    with http_server() as server:
        server.will_say(b"\x1f\x8bpacked", Content_Encoding="gzip")

        assert ask(question(server.url), HERE) == b"\x1f\x8bpacked"
        assert server.requests[0].lowered["accept-encoding"] == "identity"


def test_a_server_that_drips_is_left_in_time():
    """The whole question has a bound, not each of its bytes."""

    def drip(connection, over):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b"x")

    with raw_server(drip) as url:
        began = time.monotonic()
        error = refused(url, within=timedelta(milliseconds=300))

    assert "did not answer in time" in str(error)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    "answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_what_is_no_whole_answer_is_a_sentence(answer):
    """A connection that ends early, or speaks something else."""

    def say_and_go(connection, _):
        read_request(connection)
        connection.sendall(answer)

    with raw_server(say_and_go) as url:
        assert "no whole answer from 127.0.0.1" in str(refused(url))


def test_nobody_there_is_a_sentence():
    """No listener, no such name: said with the host and a hint."""
    with http_server() as server:
        url = server.url
    error = refused(url)

    assert "cannot reach 127.0.0.1" in str(error)
    assert not error.final

    def unknown(_host, _port):
        raise OSError(-2, "Name or service not known")

    error = refused("http://nowhere.vn/", Reach(resolve=unknown))
    assert str(error) == "cannot reach nowhere.vn: Name or service not known"


@pytest.mark.parametrize(
    "url",
    [
        "ldap://ca.gov.vn/cn=x",
        "file:///etc/passwd",
        "http://",
        "http://user:word@127.0.0.1/",
        "http://a..b\x00/",
        "http://[::1",
        "http://xn--a/x",
        "http://xn--0/",
        "nothing",
    ],
)
def test_what_cannot_be_asked_over_http_is_refused(url):
    """Only http and https, and no words for a password in the address."""
    assert refused(url).final


def test_over_tls_the_certificate_is_looked_at_under_the_hosts_own_name(tmp_path, monkeypatch):
    """Also where another address is asked; and who is not trusted is not believed."""
    authority = trustme.CA()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("tsa.gov.vn").configure_cert(ours)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    with http_server(ours) as server:
        server.will_say(b"told")
        elsewhere = server.url.removeprefix("https://")
        reach = Reach(hosts={"tsa.gov.vn": elsewhere, "other.vn": elsewhere})

        assert ask(question("https://tsa.gov.vn/"), reach) == b"told"
        assert "cannot reach other.vn" in str(refused("https://other.vn/", reach))
        monkeypatch.delenv("SSL_CERT_FILE")
        assert "cannot reach tsa.gov.vn" in str(refused("https://tsa.gov.vn/", reach))


def test_the_systems_names_are_resolved():
    """Each address once."""
    assert "127.0.0.1" in web.resolved("localhost", 80)
