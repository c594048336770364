"""Agencies that call the sandbox by plain http.client, and packages for them to send."""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from edge_node.domain.envelope import MessageType
from edge_node.protocol import vxp
from edge_node.sandbox.faults import Faults
from edge_node.sandbox.serve import running
from edge_node.sandbox.settings import Options, Reencode, init_sandbox

NOW = datetime(2026, 11, 21, 7, 3, 5, tzinfo=UTC)
SHOWN_NOW = "21/11/2026 14:03:05"
VENDOR = "000.00.00.H99"  # who calls in the captured requests, with the secret `test-secret`
EDOC, STATUS = MessageType.DOCUMENT, MessageType.STATUS
URI = "http://www.mic.gov.vn/TBT/QCVN_102_2016"


@dataclass(kw_only=True)
class Caller:
    """An agency calling the sandbox with plain http.client, and nothing of the node's own."""

    url: str
    code: str
    secret: bytes
    overwrite: dict = field(default_factory=dict)  # headers changed after they were signed

    def call(self, call, body=None):
        """Make a signed request; return the HTTP status and the body of the answer."""
        with self.asked(call, body) as connection:
            response = connection.getresponse()
            return response.status, response.read()

    def date(self, call):
        """Make a signed request; return the Date of the answer."""
        with self.asked(call) as connection:
            return parsedate_to_datetime(connection.getresponse().headers["Date"])

    @contextmanager
    def asked(self, call, body=None):
        """Make a signed request and give the connection; leaving, hang up, answered or not."""
        host = self.url.removeprefix("http://")
        headers = vxp.signed_headers(call, system_id=self.code, secret=self.secret, moment=NOW)
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request(
                call.verb,
                f"/{call.method}",
                body=call.body if body is None else body,
                headers=dict(headers) | self.overwrite,
            )
            yield connection
        finally:
            connection.close()

    def ask(self, call, body=None):
        """Make a request that answers with JSON."""
        status, answer = self.call(call, body)
        assert status == 200
        return json.loads(answer)

    def send(self, package, message=EDOC, *, style="sdk", sender=None, to=()):
        """Send a package as the vendor's client does, closed by a line end."""
        return self.ask(*self.sending(package, message, style=style, sender=sender, to=to))

    def sending(self, package, message=EDOC, *, style="sdk", sender=None, to=()):
        """Return the call that sends a package, and its body."""
        spelled = vxp.hash_file(hashlib.sha256(package).digest(), style)
        call = vxp.send(
            MessageType(message), sender=sender or self.code, hash_file=spelled, receivers=to
        )
        return call, package + b"\r\n"

    def received(self, message=EDOC, **window):
        """List what waits."""
        return self.ask(vxp.received_list(MessageType(message), **window))["data"]

    def sent(self, doc_id=None, message=EDOC):
        """List what was sent, all of it or one package."""
        return self.ask(vxp.sent_list(MessageType(message), doc_id))["data"]

    def package(self, doc_id):
        """Fetch the package of a delivery."""
        status, package = self.call(vxp.fetch(doc_id, vxp.Method.DOWNLOAD))
        assert status == 200
        return package

    def acknowledge(self, doc_id, status="done", note=""):
        """Set the transport status of a delivery."""
        return self.ask(vxp.update_status(doc_id, status, note))


class World:
    """A running sandbox with more agencies than the tests will use up."""

    def __init__(self, url, settings, faults):
        """Hand out the agencies of the settings one by one, the first excepted."""
        self.url = url
        self.faults = faults
        self.settings = settings
        self.folder = settings.folder
        self._codes = itertools.islice(settings.members, 1, None)

    def caller(self, code=None):
        """Return an agency nobody has used yet, or the one of that code."""
        member = self.settings.members[code or next(self._codes)]
        return Caller(url=self.url, code=member.code, secret=member.secret)


@contextmanager
def a_world(folder, **options):
    """Run a sandbox with two hundred agencies, whose clock stands still and who re-encodes not."""
    agencies = [(VENDOR, "Đơn vị"), *((f"H99.{n}", f"Đơn vị {n}") for n in range(1, 200))]
    chosen = Options(**({"clock": NOW, "reencode": Reencode.NEVER} | options))
    settings = init_sandbox(folder, agencies, options=chosen)
    settings.members[VENDOR].secret_file.write_text("test-secret")
    faults = Faults()
    with running(folder, faults=faults) as url:
        yield World(url, settings, faults)


def eventually(found):
    """Ask until something is found; what is asked takes its time, so nothing here waits."""
    for _ in range(2000):
        if result := found():
            return result
    raise AssertionError(f"never: {found}")


def a_package(sender, *receivers, head="", document_id="D1", subject="V/v", tail="", pdf=b"%PDF"):
    to = "".join(f"<e:To><e:OrganId>{code}</e:OrganId></e:To>" for code in receivers)
    content = base64.b64encode(pdf).decode()
    return f"""{head}<edXML xmlns="{URI}"><e:edXMLEnvelope xmlns:e="{URI}"><e:edXMLHeader>
        <e:MessageHeader><e:From><e:OrganId>{sender}</e:OrganId></e:From>{to}
        <e:DocumentId>{document_id}</e:DocumentId>
        <e:Code><e:CodeNumber>12</e:CodeNumber><e:CodeNotation>UBND-VP</e:CodeNotation></e:Code>
        <e:Subject>{subject}</e:Subject>{tail}</e:MessageHeader>
        <e:TraceHeaderList><e:TraceHeader><e:OrganId>{sender}</e:OrganId></e:TraceHeader>
        </e:TraceHeaderList></e:edXMLHeader></e:edXMLEnvelope>
        <AttachmentEncoded><Attachment><AttachmentName>a.pdf</AttachmentName>
        <ContentTransferEncoded>{content}</ContentTransferEncoded></Attachment>
        </AttachmentEncoded></edXML>""".encode()


def a_status(reporter, organ, *, code="03", document_id="D1"):
    return f"""<edXML xmlns="{URI}"><e:edXMLEnvelope xmlns:e="{URI}"><e:edXMLHeader>
        <e:MessageHeader><e:From><e:OrganId>{reporter}</e:OrganId></e:From>
        <e:ResponseFor><e:OrganId>{organ}</e:OrganId><e:Code>12/UBND-VP</e:Code>
        <e:DocumentId>{document_id}</e:DocumentId></e:ResponseFor>
        <e:StatusCode>{code}</e:StatusCode></e:MessageHeader>
        </e:edXMLHeader></e:edXMLEnvelope></edXML>""".encode()


def refused(answer, code):
    """Tell whether an answer says no with this code, in the fields of its call."""
    return (answer["status"], answer["ErrorCode"]) == ("FAIL", code) and answer["ErrorDesc"]
