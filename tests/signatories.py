"""
Who signs in tests: real children, a real key, and authorities of `tests/pki.py` on 127.0.0.1.

    with signing(pki, tmp_path) as desk:
        desk.sign(a_pdf(), level="B-LTA", key="p256")     # Signed(act, content)
        desk.signatory(key="person", stamps=desk.stamps(url))  # one on other terms
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from edge_node.adapters.anchors import Anchors, certificates_in
from edge_node.adapters.appraising import Appraiser
from edge_node.adapters.examining import Examiner
from edge_node.adapters.fetching import Fetcher
from edge_node.adapters.inquiring import Terms
from edge_node.adapters.notary import Opener
from edge_node.adapters.own_keys import OwnKey, OwnKeys
from edge_node.adapters.pens import Stamps
from edge_node.adapters.preparing import Preparer
from edge_node.adapters.signatory import Signatory
from edge_node.adapters.signing_key import Pkcs12Place
from edge_node.adapters.stamping import Authority, Stamper
from edge_node.adapters.statements import Statements
from edge_node.adapters.web import Reach
from edge_node.domain.signing import Act, Level, SigningWish

SECRET = "mật khẩu"


@dataclass(frozen=True)
class Signed:
    """What came of a file."""

    act: Act
    content: bytes


class Watched:
    """A key that remembers what it is asked to sign."""

    def __init__(self, key, asked):
        """Stand before a real one."""
        self.name, self.facts, self._key, self._asked = key.name, key.facts, key, asked

    def sign(self, digest, facts):
        """Sign a digest."""
        self._asked.append(digest)
        return self._key.sign(digest, facts)

    def cms(self, digest, facts):
        """Likewise."""
        self._asked.append(digest)
        return self._key.cms(digest, facts)


class Desk:
    """Everything a signature needs; the children are shared by all who sign at it."""

    def __init__(self, pki, folder, stack):
        """Begin with all roots pinned."""
        self.pki = pki
        self.folder = folder
        self._stack = stack
        self._keys = {}
        self.opener = self.ended(Opener())
        self.preparer = self.ended(Preparer())
        anchors = Anchors(folder / "trust")
        for root in pki.roots:
            anchors.add(*certificates_in(root))
        self.anchors = anchors

    def ended(self, child):
        """Have a child ended with the desk; return it."""
        self._stack.callback(child.close)
        return child

    def key(self, name):
        """Return the key of one of the infrastructure, in a child of its own."""
        if name not in self._keys:
            path, secret = self.folder / f"{name}.p12", self.folder / "password"
            path.touch(mode=0o600)
            path.write_bytes(self.pki.signer(name).pkcs12(SECRET))
            secret.write_text(SECRET)
            secret.chmod(0o600)
            own = OwnKey(name=name, place=Pkcs12Place(path=path), password_file=str(secret))
            self._keys[name] = self.ended(OwnKeys([own], self.folder)).key()
        return self._keys[name]

    def examiner(self, **told):
        """Return who looks into files and asks this machine's authorities."""
        return Examiner(examine=self.opener.verify, **self._knowing(**told))

    def appraiser(self, **told):
        """Return who looks at certificates likewise."""
        return Appraiser(appraise=self.opener.appraise, **self._knowing(**told))

    def _knowing(self, reach=None, **terms):
        fetcher = Fetcher(
            statements=Statements(self.folder / "evidence"),
            reach=reach or Reach(private=(ip_network("127.0.0.0/8"),)),
            timeout=timedelta(seconds=10),
        )
        return {"anchors": self.anchors, "fetcher": fetcher, "terms": Terms(**terms)}

    def stamps(self, *urls, **told):
        """Return where stamps come from; the infrastructure's authority where none is named."""
        authorities = tuple(Authority(url=url) for url in urls or (self.pki.tsa_url,))
        stamper = Stamper(authorities=authorities, timeout=timedelta(seconds=10), tries=1)
        return Stamps(**{"stamper": stamper, "preparer": self.preparer} | told)

    def signatory(self, name="rsa2048", **told):
        """Return who signs with the key of that name."""
        usual = {
            "key": lambda: self.key(name),
            "preparer": self.preparer,
            "stamps": self.stamps(),
            "examiner": self.examiner(),
            "appraiser": self.appraiser(),
            "clock": lambda: datetime.now(UTC),
        }
        return Signatory(**usual | told)

    def sign(self, content, *, name="rsa2048", level="B-B", signatory=None, **wish):
        """Sign the bytes of a file and return the signed ones."""
        source, target = self.folder / "document", self.folder / "signed"
        source.write_bytes(content)
        wished = SigningWish(level=Level(level), **wish)
        act = (signatory or self.signatory(name)).sign(source, target, wished)
        content = target.read_bytes()
        target.unlink()
        return Signed(act, content)

    def found(self, content):
        """Return what the node finds in the bytes of a file."""
        path = self.folder / "looked-at"
        path.write_bytes(content)
        return self.examiner().look(path, now=datetime.now(UTC)).verdict


@contextmanager
def signing(pki, folder):
    """Give a desk; its children are ended at the end."""
    with ExitStack() as stack:
        yield Desk(pki, folder, stack)
