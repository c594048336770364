"""
XML that strangers wrote, read without anything it could reach for, and its canonical forms.

A subtree is canonicalized as a document of its own, parsed anew: lxml 6.1 puts a spurious
`xmlns=""` into the canonical form of a subtree, which only other programs would notice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from edge_node.domain.message import say
from edge_node.notary.ooxml.archive import PackageUnsound

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST: Final = 16 << 20  # bytes of XML that is held as a tree
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"

C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

# What to ask of lxml for each: exclusive or not. A reference by #id and a whole part never
# contain comments that count, save by the forms that say so.
_FORMS: Final[Mapping[str, tuple[bool, bool]]] = {
    C14N: (False, False),
    C14N + "#WithComments": (False, True),
    # 1.1 differs in what xml:id and xml:base hand down, and `canonical` refuses those.
    "http://www.w3.org/2006/12/xml-c14n11": (False, False),
    "http://www.w3.org/2006/12/xml-c14n11#WithComments": (False, True),
    _EXCLUSIVE: (True, False),
    _EXCLUSIVE + "WithComments": (True, True),
}


def parse(content: bytes, name: str) -> etree._Element:
    """Return the root; PackageUnsound for what is no XML, has a DTD or is too large a tree."""
    if len(content) > LARGEST:
        raise PackageUnsound(say("{part} is too large", part=name))
    try:
        root = _tree(content)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PackageUnsound(say("{part} is not well-formed XML", part=name)) from error
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise PackageUnsound(
            say("{part} holds a document type declaration", part=name),
            hint=say("office programs write none: somebody prepared this file by hand"),
        )
    return root


def canonicalizes(method: str) -> bool:
    """Whether ``method`` (a URI) is a canonicalization known here."""
    return method in _FORMS


def canonical(element: etree._Element, method: str, prefixes: tuple[str, ...] = ()) -> bytes:
    """Return the canonical form of a subtree; ``prefixes`` are those of InclusiveNamespaces."""
    for above in element.iterancestors():
        if any(str(name).startswith(_XML) for name in above.attrib):
            raise PackageUnsound(say("a signature hands xml: attributes down to what it signs"))
    exclusive, with_comments = _FORMS[method]
    alone = _tree(etree.tostring(element, with_tail=False))
    form: bytes = etree.tostring(
        alone,
        method="c14n",
        exclusive=exclusive,
        with_comments=with_comments,
        inclusive_ns_prefixes=list(prefixes) if exclusive and prefixes else None,
    )
    return form


def escaped(text: str) -> str:
    """Return text as it stands between tags in the canonical form, without what XML forbids."""
    text = _FORBIDDEN.sub("", text)
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")
    )


def quoted(text: str) -> str:
    """Return text as an attribute's value in the canonical form, in its quotes."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return f'"{text.translate(_BLANKS)}"'


_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLANKS: Final = {9: "&#x9;", 10: "&#xA;", 13: "&#xD;"}


def _tree(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:  # which lxml calls a mistake in the XML
            raise MemoryError from error
        raise
