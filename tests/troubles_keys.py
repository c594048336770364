"""Broken situations of keys, certificates, time-stamps and whoever is asked about them."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from pki_plan import AGENCY_CODE
from system_world import until
from troubles_stage import Asked, dropped, explained, trouble

PASSWORD = "mật khẩu"
SLOW = 6.0  # seconds


def signing(stage, key, *, home="xa-mau", **sections):
    """Set up an office that signs with a key, and asks this machine about certificates."""
    told = {
        "signing": {
            "documents": "always",
            "keys": [key],
            "operator": "Văn thư",
            "basis": "Quy chế 12",
        },
        "trust": {"private": ["127.0.0.0/8"], "timeout": "5s"},
        "stamps": {"servers": [{"url": stage.pki.tsa_url}], "timeout": "20s"},
    }
    office = stage.office(home=home, **told | sections)
    aliases = f"agency:\n  aliases: [{AGENCY_CODE}]"
    office.config.write_text(office.config.read_text().replace("agency:", aliases, 1))
    return office


def and_a_drop(stage, office, because):
    """Let the node take in a drop that has to be signed, until that rests for this; ask why."""
    stage.at_work(office)
    drop = dropped(office, 12)
    asked = Asked(office=office, arguments=("explain", drop), named=partial(explained, "resting"))
    until(lambda: because in resting(asked), within=90)
    return asked


def resting(asked):
    """Return why it rests, in English; nothing while it does not."""
    told = [each for tale in asked.told("en") for each in tale["sentences"]]
    return "".join(each["words"] for each in told if each["fact"] == "resting")


def in_file(stage, name):
    """Lay a key down as PKCS #12, with its password; return it as configured."""
    path = stage.folder / f"{name}.p12"
    path.write_bytes(stage.pki.signer(name).pkcs12(PASSWORD))
    path.chmod(0o600)
    return {"name": "con-dau", "pkcs12": str(path), "password_file": secret(stage, PASSWORD)}


def secret(stage, text):
    """Write a password down; return where."""
    path = stage.folder / "mat-khau"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def on_token(stage, *, wrong="", label="edge"):
    """Return the key of a token, as configured, with its PIN or a wrong one."""
    token = stage.pki.softhsm(stage.folder / "token", "agency")
    return {
        "name": "con-dau",
        "module": token.module,
        "token": label,
        "environment": token.environment,
        "password_file": secret(stage, wrong or token.pin),
    }


@trouble(
    "certificate-expired",
    en="The agency's certificate has run out",
    vi="Chứng thư số của cơ quan đã hết hạn",
    check="signing.certificate",
)
def certificate_expired(stage):
    office = signing(stage, in_file(stage, "expired"))
    yield Asked(office=office), and_a_drop(stage, office, "ran out")


@trouble(
    "certificate-5-days",
    en="The agency's certificate runs out in 5 days",
    vi="Chứng thư số của cơ quan còn 5 ngày",
    check="signing.certificate",
)
def certificate_5_days(stage):
    yield Asked(office=signing(stage, in_file(stage, "soon-over")))


@trouble(
    "key-mismatch",
    en="The key is not the one of its certificate",
    vi="Khóa không khớp với chứng thư số",
    check="signing.key",
)
def key_mismatch(stage):
    pair = {
        "name": "con-dau",
        "pem": str(stage.pki.signer("p256").key_path),
        "certificates": str(stage.pki.signer("p384").certificate_path),
    }
    office = signing(stage, pair)
    yield Asked(office=office), and_a_drop(stage, office, "belongs to none")


@trouble(
    "wrong-pin",
    en="The PIN of the token is wrong",
    vi="Mã PIN của token bị sai",
    check="signing.pin",
)
def wrong_pin(stage):
    office = signing(stage, on_token(stage, wrong="000000"))
    waiting = and_a_drop(stage, office, "was refused")  # the node tells it, once
    yield Asked(office=office), waiting


@trouble(
    "token-gone",
    en="The token is not there",
    vi="Không thấy token chứa khóa",
    check="signing.key",
)
def token_gone(stage):
    office = signing(stage, on_token(stage, label="con-dau-so"))
    yield Asked(office=office), and_a_drop(stage, office, "is not there")


@trouble(
    "tsa-down",
    en="The time-stamp server is down",
    vi="Máy chủ dấu thời gian không hoạt động",
    check="stamps.server",
)
def tsa_down(stage):
    servers = {"servers": [{"url": "http://127.0.0.1:9/tsa"}]}
    office = signing(stage, in_file(stage, "agency"), stamps=servers)
    yield Asked(office=office), and_a_drop(stage, office, "no time-stamp")


@trouble(
    "tsa-slow",
    en="The time-stamp server is slow",
    vi="Máy chủ dấu thời gian trả lời chậm",
    check="stamps.server",
)
def tsa_slow(stage):
    url = stage.ending.enter_context(slow_stamps(stage.pki))
    servers = {"servers": [{"url": url}]}
    office = signing(stage, in_file(stage, "agency"), stamps=servers | {"timeout": "20s"})
    impatient = signing(
        stage, in_file(stage, "agency"), home="xa-mau-2", stamps=servers | {"timeout": "2s"}
    )
    yield Asked(office=office), and_a_drop(stage, impatient, "no time-stamp")


@trouble(
    "ocsp-unreachable",
    en="Nobody answers whether a certificate was revoked (OCSP)",
    vi="Không hỏi được chứng thư số có bị thu hồi hay không (OCSP)",
    check="revocation.reach",
)
def ocsp_unreachable(stage):
    elsewhere = {"hosts": {"127.0.0.1": "127.0.0.1:9"}, "timeout": "5s"}
    yield Asked(office=signing(stage, in_file(stage, "agency"), trust=elsewhere))


@contextmanager
def slow_stamps(pki):
    """Serve an authority that takes its time; give its address."""

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(SLOW)
            answer = pki.stamp(asked)
            with suppress(ConnectionError):  # who asked has given it up
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
