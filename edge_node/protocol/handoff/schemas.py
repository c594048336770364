"""
The hand-off files as JSON Schemas (draft 2020-12), for those who write software against them.

What the readers here accept, the schemas accept. They cannot say everything the readers say (an
agency named twice, a control character), so a few files that pass are still refused, with the
reason. The schemas of files we write stay open for keys to come.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_node.domain.document import BusinessKind, ReceiverAction
from edge_node.domain.receipt import ReasonCode, Status
from edge_node.domain.signature import Coverage, Revocation, Sub, Verdict
from edge_node.domain.signing import DoorAction, Level, SigningPolicy
from edge_node.protocol.handoff.attachments import REQUIRED_KEYS, ROLES
from edge_node.protocol.handoff.business import KEYS_OF
from edge_node.protocol.handoff.failure import CODES, DUPLICATE
from edge_node.protocol.handoff.fields import MOST_NUMBER
from edge_node.protocol.handoff.order import STAFF_KEYS
from edge_node.protocol.handoff.receipts import NodeEvent
from edge_node.protocol.handoff.words import PRIORITY_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Schema: TypeAlias = dict[str, object]

_STRING: Final[Schema] = {"type": "string"}
_FILLED: Final[Schema] = {"type": "string", "minLength": 1}
_TEXT: Final[Schema] = {"type": ["string", "null"]}
_FLAG: Final[Schema] = {"type": ["boolean", "null"]}
_NUMBER: Final[Schema] = {"type": ["integer", "null"], "minimum": 0, "maximum": MOST_NUMBER}
_LABEL: Final[Schema] = {"type": ["string", "integer"], "minLength": 1, "minimum": 0}
_DAY: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_STAMP: Final[Schema] = {"type": "string", "format": "date-time"}
_NOTHING: Final[Schema] = {"type": "null"}
_VERSION: Final[Schema] = {"const": 1}
_SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
# Blanks around a code are taken off.
_CODE: Final[Schema] = {"type": "string", "pattern": r"^\s*[A-Za-z0-9][A-Za-z0-9.\-]{0,34}\s*$"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NOTHING]}


def _list(items: Schema, *, least: int = 0) -> Schema:
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _object(properties: Mapping[str, Schema], *required: str) -> Schema:
    """Return an object of a file we read: no other keys."""
    return {**_open(properties, *required), "additionalProperties": False}


def _open(properties: Mapping[str, Schema], *required: str) -> Schema:
    """Return an object of a file we write: other keys may come one day."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return {**schema, "required": list(required)} if required else schema


def _one_of(words: Iterable[str], *more: object) -> Schema:
    return {"enum": [*(str(word) for word in words), *more]}


_STAFF: Final = _object(dict.fromkeys(STAFF_KEYS, _TEXT))
_SIGNER: Final = _object(dict.fromkeys(("position", "competence", "name"), _TEXT))
_SIGNING: Final[Schema] = {
    "anyOf": [
        _object(
            {"operator": _FILLED, "basis": _FILLED, "policy": _one_of((*SigningPolicy, ""), None)},
            "operator",
            "basis",
        ),
        _object(
            {
                **dict.fromkeys(("operator", "basis"), _one_of(("",), None)),
                "policy": _one_of(SigningPolicy),
            },
            "policy",
        ),
    ]
}
_RECEIVER: Final[Schema] = {"anyOf": [_CODE, _object({"code": _CODE, "name": _TEXT}, "code")]}
_REFERENCE: Final = _object(
    {"organ": _CODE, "code": _TEXT, "date": _or_null(_DAY), "document_id": _TEXT}, "organ"
)
_ATTACHMENT: Final[Schema] = {
    "anyOf": [
        _FILLED,
        _object(
            {"file": _FILLED, "description": _TEXT, "role": _one_of((*ROLES, ""), None)}, "file"
        ),
    ]
}
_PRIORITY: Final[Schema] = {
    "description": "One of "
    + ", ".join(PRIORITY_WORDS.values())
    + " in any case and spelling, or its number",
    "anyOf": [
        _TEXT,
        {"type": "integer", "minimum": min(PRIORITY_WORDS), "maximum": max(PRIORITY_WORDS)},
    ],
}
_SECRECY: Final[Schema] = {
    "type": ["string", "null"],
    "description": "thường or nothing; a document with any other grade is refused",
}
_CHANGES: Final = _object(
    {
        "metadata": _FLAG,
        "receivers": _or_null(
            _list(_object({"code": _CODE, "action": _one_of(ReceiverAction)}, "code", "action"))
        ),
    }
)
_REPLACEMENT: Final = _object(
    {"document_id": _FILLED, "receivers": _or_null(_list(_CODE))}, "document_id"
)


def _business() -> Schema:
    """Return what may stand under `business`: each kind with its own keys."""
    values: dict[str, Schema] = {
        "document_id": _FILLED,
        "reason": _TEXT,
        "changes": _or_null(_CHANGES),
        "replaces": _list(_REPLACEMENT, least=1),
    }
    kinds = [_business_of(kind, values) for kind in BusinessKind]
    return {"anyOf": [*kinds, _NOTHING]}


def _business_of(kind: BusinessKind, values: Mapping[str, Schema]) -> Schema:
    own = KEYS_OF[kind]
    needed = {"document_id", "replaces"} & set(own)
    properties = {key: value if key in own else _NOTHING for key, value in values.items()}
    if kind is BusinessKind.RECALL:
        needed.add("reason")
        properties["reason"] = _FILLED
    return _object({"kind": {"const": str(kind)}, **properties}, "kind", *sorted(needed))


def _document() -> Schema:
    properties: dict[str, Schema] = {
        "schema": _or_null(_VERSION),
        "document_id": _TEXT,
        "number": _LABEL,
        "notation": _FILLED,
        "date": _DAY,
        "type": _FILLED,
        "subject": _FILLED,
        "to": _list(_RECEIVER, least=1),
        "signer": _or_null(_SIGNER),
        "staff": _or_null(_STAFF),
        "place": _TEXT,
        "priority": _PRIORITY,
        "secrecy": _SECRECY,
        "due": _or_null(_DAY),
        "pages": _NUMBER,
        "copies": _NUMBER,
        "places": _or_null(_list(_FILLED)),
        "reply_to": _or_null(_list(_REFERENCE)),
        "business": _business(),
        "paper": _FLAG,
        "signing": _or_null(_SIGNING),
        "attachments": _or_null(_list(_ATTACHMENT)),
        "resend": _FLAG,
        "ref": _TEXT,
    }
    recall = _open({"business": _open({"kind": {"const": "recall"}}, "kind")}, "business")
    attached = _open({"attachments": {"type": "array", "minItems": 1}}, "attachments")
    return {**_object(properties, *REQUIRED_KEYS), "if": recall, "else": attached}


def _inbound() -> Schema:
    agency = _open({"code": _STRING, "name": _STRING}, "code")
    attachment = _open(
        {
            "file": _FILLED,
            "original": _STRING,
            "description": _STRING,
            "size": {"type": "integer", "minimum": 0},
            "sha256": _SHA256,
        },
        *("file", "original", "description", "size", "sha256"),
    )
    about = _open({"id": _FILLED, "state": _STRING}, "id", "state")
    text = dict.fromkeys(("document_id", "axis_id", "number", "notation", "subject"), _STRING)
    properties: dict[str, Schema] = {
        "schema": _VERSION,
        "id": _FILLED,
        **text,
        "from": agency,
        "received_at": _STAMP,
        "date": _or_null(_DAY),
        "type": _STRING,
        "to": _list(agency),
        "priority": {"type": ["string", "integer"]},
        "paper": {"type": "boolean"},
        "business": _open({"kind": _one_of(BusinessKind), "about": about}, "kind"),
        "attachments": _list(attachment),
        "raw_codes": {"type": "object", "additionalProperties": _STRING},
        "warnings": _list(_STRING),
    }
    optional: dict[str, Schema] = {
        "signer": _open(dict.fromkeys(("position", "competence", "name"), _STRING)),
        "staff": _open(dict.fromkeys(STAFF_KEYS, _STRING)),
        "place": _STRING,
        "due": _DAY,
        "pages": {"type": "integer"},
        "copies": {"type": "integer"},
        "places": _list(_STRING),
        "reply_to": _list(_open({"organ": _STRING, "code": _STRING, "date": _DAY})),
        "other": {"type": "object"},
    }
    return _open({**properties, **optional}, *properties)


def _status() -> Schema:
    numbers = [int(status) for status in Status]
    properties: dict[str, Schema] = {
        "schema": _or_null(_VERSION),
        "id": _TEXT,
        "document_id": _TEXT,
        "status": _one_of(Status, *numbers),
        "note": _TEXT,
        "reason_code": _one_of(ReasonCode, "", None),
        "at": _TEXT,
        "arrival": _or_null(
            _object({"number": _LABEL, "date": _or_null(_DAY), "unit": _TEXT}, "number")
        ),
        "staff": _or_null(_STAFF),
    }
    refusal = _open({"status": {"enum": ["02", 2]}}, "status")
    answered_no = _open({"status": {"enum": ["16", 16]}}, "status")
    with_note = _open({"note": _FILLED}, "note")
    with_reason = _open({"note": _FILLED, "reason_code": _FILLED}, "note", "reason_code")
    return {
        **_object(properties, "status"),
        "anyOf": [_open({key: _FILLED}, key) for key in ("id", "document_id")],
        "allOf": [
            {"if": refusal, "then": with_reason},
            {"if": answered_no, "then": with_note},
        ],
    }


def _receipt() -> Schema:
    about = {"schema": _VERSION, "ref": _STRING, "document_id": _STRING}
    after = {"note": _STRING, "at": _STAMP}
    status = {"from": _STRING, "status": _FILLED, "meaning": _STRING}
    event = {"event": _one_of(NodeEvent), "to": _STRING}
    return {
        "oneOf": [
            _open({**about, **status, "reason_code": _STRING, **after}, *about, *status, *after),
            _open({**about, **event, **after}, *about, *event, *after),
        ]
    }


def _verification() -> Schema:
    found: dict[str, Schema] = {
        "verdict": _one_of(Verdict),
        "indication": _one_of(verdict.indication for verdict in Verdict),
        "sub": _one_of(Sub, None),
        "why": _STRING,
        "warnings": _list(_STRING),
    }
    signature: dict[str, Schema] = {
        **found,
        **dict.fromkeys(("name", "profile", "signer", "stamped_by", "algorithm"), _STRING),
        "signer_fingerprint": _STRING,
        "signed_at": _or_null(_STAMP),
        "stamped_at": _or_null(_STAMP),
        "chain": _list(_STRING),
        "coverage": _one_of(Coverage),
        "uncovered": _list(_STRING),
        "revocation": _one_of(Revocation),
        "evidence": _list(_STRING),
    }
    file: dict[str, Schema] = {
        **found,
        "file": _FILLED,
        "sha256": _SHA256,
        "signed": {"type": "boolean"},
        "action": _one_of(DoorAction),
        "signatures": _list(_open(signature, *signature)),
    }
    whole: dict[str, Schema] = {
        "schema": _VERSION,
        "checked_at": _or_null(_STAMP),
        "released": {"type": "boolean"},
        "attachments": _list(_open(file, *file)),
    }
    return _open(whole, *whole)


def _standing() -> Schema:
    receiver = {
        **dict.fromkeys(("code", "name", "state", "status", "meaning", "reason"), _STRING),
        "at": _or_null(_STAMP),
    }
    whole = {
        "schema": _VERSION,
        **dict.fromkeys(("id", "document_id", "ref", "number", "notation"), _STRING),
        "receivers": _list(_open(receiver, *receiver)),
        "signatures": _list(_act()),
        "updated_at": _STAMP,
        "warnings": _list(_STRING),
    }
    return _open(whole, *whole)


def _act() -> Schema:
    act: dict[str, Schema] = {
        **dict.fromkeys(("file", "operator", "basis", "key", "subject", "fingerprint"), _STRING),
        "level": _one_of(Level),
        "at": _STAMP,
        "stamped_by": _STRING,
        "stamped_at": _or_null(_STAMP),
        "unseen": _STRING,
    }
    return _open(act, *act)


def _error() -> Schema:
    whole = {
        "schema": _VERSION,
        "at": _STAMP,
        **dict.fromkeys(("name", "message", "hint"), _STRING),
        "error": _one_of(dict.fromkeys((DUPLICATE, *(code for _, code in CODES)))),
        "problems": _list(_STRING),
    }
    optional = dict.fromkeys(("axis_code", "axis_text", "duplicate_of"), _STRING)
    return _open({**whole, **optional, "signatures": _list(_act())}, *whole)


_SCHEMAS: Final[Mapping[str, tuple[str, Schema]]] = {
    "document": ("document.json or a sidecar in outbox/", _document()),
    "inbound": ("document.json in inbox/<name>/", _inbound()),
    "receipt": ("a file of receipts/", _receipt()),
    "status": ("a file of statuses/", _status()),
    "verification": ("verification.json in inbox/<name>/", _verification()),
    "standing": ("status.json beside a drop in queued/ and sent/", _standing()),
    "error": ("error.json beside a drop in failed/", _error()),
}
SCHEMA_NAMES: Final = tuple(_SCHEMAS)


def schema(name: str) -> Schema:
    """Return the JSON Schema of one kind of file; KeyError for a name not in `SCHEMA_NAMES`."""
    title, body = _SCHEMAS[name]
    head: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:edge-node:handoff:{name}:1",
        "title": title,
    }
    return {**head, **deepcopy(body)}
