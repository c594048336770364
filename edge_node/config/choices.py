"""What can be chosen where the configuration offers a choice: each word, and what it means."""

from __future__ import annotations

from enum import StrEnum


class Watch(StrEnum):
    """How the node learns of changes in the outbox."""

    AUTO = "auto"  # events where the file system has them, polling on NFS and CIFS
    EVENTS = "events"
    POLLING = "polling"


class HashFile(StrEnum):
    """How the digest of a package is written in a request."""

    SDK = "sdk"  # as the vendor's Java client prints it: each byte without its leading zero
    PADDED = "padded"  # as everybody else does


class Fetch(StrEnum):
    """By which call a package is fetched."""

    DOWNLOAD = "downloadEdoc"  # the bytes themselves, streamed
    GET = "getEdoc"  # base64 within JSON, for an axis that does not know the other


class ContentTypes(StrEnum):
    """What a package's list of attachments says of their types."""

    OWN = "own"  # each attachment's own
    VENDOR = "vendor"  # application/zip throughout, as the vendor's client writes


class Unsure(StrEnum):
    """What is done with a document the axis gave no answer for, and cannot tell of either."""

    RESEND = "resend"  # send it again: the receiver may get it twice
    ASK = "ask"  # hold it until a person has asked the receiver


class Meaning(StrEnum):
    """What an error code of the axis says of the item it is about."""

    REFUSED = "refused"  # this one is wrong: set it aside for a person
    BUSY = "busy"  # the moment is wrong: try this one again later
    DENIED = "denied"  # nothing will succeed until a person mends it


class Unchecked(StrEnum):
    """What is done with a file nobody could look at for a grade of secrecy, such as a scan."""

    WARN = "warn"  # it goes, and its papers say so
    REFUSE = "refuse"  # it stays where it was dropped
    OCR = "ocr"  # what is a picture is read by machine; what cannot be read goes, with a warning


class Unreadable(StrEnum):
    """What the axis is told of a package that cannot be read."""

    FAIL = "fail"  # `fail`, so that the sender learns of it
    KEEP = "keep"  # nothing; a person decides


class Revocations(StrEnum):
    """How much it weighs that nobody knows whether a certificate has been revoked."""

    REQUIRED = "required"  # then nobody knows what the signature is worth
    IF_POSSIBLE = "if_possible"  # it is a warning
    NEVER = "never"  # nobody asks


class StampHash(StrEnum):
    """The hash function a time-stamp is asked for by."""

    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class Carrier(StrEnum):
    """Which program of this machine carries finished archives elsewhere."""

    RCLONE = "rclone"
    RESTIC = "restic"


class LogLevel(StrEnum):
    """What is worth a line in the log, and everything graver."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line of the log is written."""

    AUTO = "auto"  # as fields where stderr is the journal's, else as text
    JOURNAL = "journal"  # to the journal of systemd, with fields
    JSON = "json"
    TEXT = "text"
