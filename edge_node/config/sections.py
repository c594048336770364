"""
Every key of the configuration: its name, its kind, its default and what it is for.

The classes are the file's sections; `config.example.yaml` says the same at greater length and a
test compares the two. Reading is `edge_node.config.reading`'s affair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.access import AccessSection
from edge_node.config.addresses import url
from edge_node.config.alarms import AlarmsSection, CanarySection
from edge_node.config.backup import BackupSection
from edge_node.config.calendar import CalendarSection
from edge_node.config.choices import (
    Fetch,
    HashFile,
    Meaning,
    Unchecked,
    Unreadable,
    Unsure,
    Watch,
)
from edge_node.config.deadlines import DeadlinesSection
from edge_node.config.directory import DirectorySection
from edge_node.config.door import DoorSection
from edge_node.config.log import LogSection
from edge_node.config.metrics import MetricsSection
from edge_node.config.package import PackageSection
from edge_node.config.patterns import date_format, pattern, subject
from edge_node.config.recall import RecallSection
from edge_node.config.reports import ReportsSection
from edge_node.config.retention import RetentionSection
from edge_node.config.shapes import Many, Section, Table
from edge_node.config.shapes import key as _key
from edge_node.config.signing import SigningSection
from edge_node.config.trusting import StampsSection, TrustSection
from edge_node.config.web import WebSection
from edge_node.domain.document import Organization, Priority
from edge_node.domain.language import Language

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping
    from pathlib import Path

    from edge_node.domain.document import AgencyCode

_KB: Final = 1024
_MB: Final = 1024 * _KB

# How long the axis may take to answer the question whether it is there again.
PROBE: Final = timedelta(seconds=30)


# The national axis publishes no list of its codes. These are the ones the guide of one province
# gives for its own (v2.2), which seems to have them from there.
ERROR_CODES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "10": Meaning.REFUSED,
        "15": Meaning.DENIED,
        "18": Meaning.REFUSED,
        "19": Meaning.REFUSED,
        "20": Meaning.BUSY,
        "21": Meaning.BUSY,
        "22": Meaning.REFUSED,
        "23": Meaning.REFUSED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencySection:
    """The agency this node speaks for, as every package names it."""

    # Its code in the directory of the axis.
    code: AgencyCode = field(metadata=_key(kinds.code))
    # Its full name.
    name: str = field(metadata=_key(kinds.name))
    # Its other codes, older or newer: what is addressed to one of them is for this agency too.
    aliases: tuple[AgencyCode, ...] = field(default=(), metadata=_key(Many(kinds.code)))
    # The authority above it (OrganizationInCharge).
    in_charge: str = field(default="", metadata=_key(kinds.text))
    address: str = field(default="", metadata=_key(kinds.text))
    email: str = field(default="", metadata=_key(kinds.text))
    telephone: str = field(default="", metadata=_key(kinds.text))
    fax: str = field(default="", metadata=_key(kinds.text))
    website: str = field(default="", metadata=_key(kinds.text))

    @property
    def organization(self) -> Organization:
        """The agency as the header of a package names it."""
        return Organization(
            code=self.code,
            name=self.name,
            in_charge=self.in_charge,
            address=self.address,
            email=self.email,
            telephone=self.telephone,
            fax=self.fax,
            website=self.website,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisSection:
    """The axis, and how it is spoken to."""

    # Base address, without a slash at its end; https unless it is on this machine.
    url: str = field(metadata=_key(url))
    # The name the axis knows this system by; the agency's code when left out.
    system_id: str = field(metadata=_key(kinds.name, derived=True))
    # Where the secret key is: an absolute path, or `credential:NAME` for a credential of systemd.
    secret_file: str = field(metadata=_key(kinds.secret_place))
    # Certificates to trust instead of the machine's own; None for the machine's own.
    ca_file: Path | None = field(default=None, metadata=_key(kinds.path))
    # How long a connection may take to stand.
    connect_timeout: timedelta = field(
        default=timedelta(seconds=10), metadata=_key(kinds.duration)
    )
    # How long one call may take from beginning to end; 100 MB over 2 Mbit/s take seven minutes.
    total_timeout: timedelta = field(default=timedelta(minutes=10), metadata=_key(kinds.duration))
    hash_file: HashFile = field(default=HashFile.SDK, metadata=_key(kinds.one_of(HashFile)))
    fetch: Fetch = field(default=Fetch.DOWNLOAD, metadata=_key(kinds.one_of(Fetch)))
    # Whether the receivers are also named in a header of their own when sending.
    to_header: bool = field(default=False, metadata=_key(kinds.truth))
    # What error codes mean; what the file names is laid over the table built in.
    codes: Mapping[str, Meaning] = field(
        default_factory=lambda: ERROR_CODES,
        metadata=_key(Table(kinds.name, kinds.one_of(Meaning), ERROR_CODES)),
    )
    # How soon an axis that is down is tried again; each further wait is twice as long.
    probe_first: timedelta = field(default=timedelta(seconds=5), metadata=_key(kinds.duration))
    probe_ceiling: timedelta = field(default=timedelta(minutes=5), metadata=_key(kinds.duration))
    # How far the two clocks may be apart before that is said.
    clock_tolerance: timedelta = field(default=timedelta(minutes=5), metadata=_key(kinds.duration))

    @property
    def probe_timeout(self) -> timedelta:
        """How long an axis that was down may take to answer the call that tries it."""
        return min(self.connect_timeout + PROBE, self.total_timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldersSection:
    """Where things lie; the two folders belong on one mount, so that a rename takes a drop in."""

    # The node's own, readable to nobody else: queue and spool.
    data: Path = field(metadata=_key(kinds.path))
    # Shared with the document software; `exchange` within `data` when left out.
    exchange: Path = field(metadata=_key(kinds.path, derived=True))
    # Outside of `data`: how much was sent from it, so that a copy of it is known for what it is.
    # `data` with `.witness` behind its name when left out.
    witness: Path = field(metadata=_key(kinds.path, derived=True))
    # Copies of the queue; `backups` within `data` when left out.
    backups: Path = field(metadata=_key(kinds.path, derived=True))

    @property
    def queue(self) -> Path:
        """The database of the queue."""
        return self.data / "queue.db"

    @property
    def spool(self) -> Path:
        """The payloads of everything under way."""
        return self.data / "spool"

    @property
    def directory(self) -> Path:
        """The directory of agencies."""
        return self.data / "directory.db"

    @property
    def evidence(self) -> Path:
        """What authorities said of certificates."""
        return self.data / "evidence"

    @property
    def quarantine(self) -> Path:
        """What could not be read or must not be handed on."""
        return self.spool / "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRule:
    """How a bare file is sent whose name says all there is to know."""

    # Matched against the whole file name, its extension included.
    match: re.Pattern[str] = field(metadata=_key(pattern))
    # The name of the kind of document, one of `package.document_types`.
    type: str = field(metadata=_key(kinds.name))
    # With {number}, {notation} and {name} (the file's, without its extension) filled in.
    subject: str = field(metadata=_key(subject))
    # The receivers; may be left out when the pattern has a group `to`.
    to: tuple[AgencyCode, ...] = field(default=(), metadata=_key(Many(kinds.code)))
    # How the group `day` is written; unused when day, month and year are groups.
    date_format: str = field(default="%Y-%m-%d", metadata=_key(date_format))
    # The place of issue; `package.place` when left out.
    place: str = field(default="", metadata=_key(kinds.text))
    priority: Priority = field(default=Priority.NORMAL, metadata=_key(kinds.priority))


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeSection:
    """How drops are taken out of the outbox."""

    # How long a file must lie unchanged before it counts as settled.
    quiet: timedelta = field(default=timedelta(seconds=2), metadata=_key(kinds.wait))
    # After which a drop that is settled but not complete is refused as truncated.
    settle_timeout: timedelta = field(default=timedelta(minutes=10), metadata=_key(kinds.duration))
    # How long a bare file waits for a sidecar that names it.
    bare_grace: timedelta = field(default=timedelta(minutes=10), metadata=_key(kinds.wait))
    # The scan is the truth and events are only a hint: it happens at least this often.
    scan_every: timedelta = field(default=timedelta(minutes=1), metadata=_key(kinds.duration))
    watch: Watch = field(default=Watch.AUTO, metadata=_key(kinds.one_of(Watch)))
    # How often a polling watcher looks.
    poll_every: timedelta = field(default=timedelta(seconds=5), metadata=_key(kinds.duration))
    # What is done with a file on which nobody could look for a grade of secrecy.
    secrecy_unchecked: Unchecked = field(
        default=Unchecked.WARN, metadata=_key(kinds.one_of(Unchecked))
    )
    # For bare files; a file no rule matches is never touched.
    rules: tuple[IntakeRule, ...] = field(default=(), metadata=_key(Many(Section(IntakeRule))))


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsSection:
    """How large things may be, in bytes; 1 MB is 1024 x 1024."""

    # One attachment; 50 MB is what clients of provincial axes are held to.
    attachment: int = field(default=50 * _MB, metadata=_key(kinds.size))
    # How many attachments one document may have.
    attachments: int = field(default=100, metadata=_key(kinds.whole(1, 10_000)))
    # One package as it travels; base64 makes of three bytes four.
    package: int = field(default=100 * _MB, metadata=_key(kinds.size))
    # All attachments of one package received, decoded and unzipped.
    unpacked: int = field(default=500 * _MB, metadata=_key(kinds.size))
    # What must stay free on the disks of data and exchange; nothing new is taken in below it.
    free_space: int = field(default=500 * _MB, metadata=_key(kinds.mark))
    # How many more files those disks must be able to hold.
    free_files: int = field(default=1000, metadata=_key(kinds.whole(0, 10_000_000)))
    # How much memory must be left to this machine, or to this service where it has a limit.
    free_memory: int = field(default=64 * _MB, metadata=_key(kinds.mark))
    # How often the node may die over one item before that is tried alone.
    crashes: int = field(default=3, metadata=_key(kinds.whole(1, 100)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSection:
    """How envelopes are offered to the axis."""

    # The wait after the first failure; each further one is twice as long.
    retry_first: timedelta = field(default=timedelta(seconds=30), metadata=_key(kinds.duration))
    # The longest wait.
    retry_ceiling: timedelta = field(default=timedelta(minutes=30), metadata=_key(kinds.duration))
    # With the other defaults about three days: a long weekend.
    attempts: int = field(default=150, metadata=_key(kinds.whole(1, 100_000)))
    # How long one attempt owns its envelope; must outlast a call.
    lease: timedelta = field(default=timedelta(minutes=15), metadata=_key(kinds.duration))
    # What becomes of a document the axis gave no answer for and does not list, or lists twice.
    unsure: Unsure = field(default=Unsure.RESEND, metadata=_key(kinds.one_of(Unsure)))
    # How long the axis has to list what it took before it is believed not to have it.
    unsure_after: timedelta = field(default=timedelta(minutes=2), metadata=_key(kinds.wait))


@dataclass(frozen=True, slots=True, kw_only=True)
class PullSection:
    """How documents are fetched from the axis."""

    # Clients in use ask every one to five minutes.
    every: timedelta = field(default=timedelta(minutes=1), metadata=_key(kinds.duration))
    # How often the axis is asked for everything since the last time, waiting or not.
    look_back_every: timedelta = field(default=timedelta(hours=1), metadata=_key(kinds.duration))
    # How much further than the last time that looks back.
    overlap: timedelta = field(default=timedelta(days=3), metadata=_key(kinds.duration))
    unreadable: Unreadable = field(
        default=Unreadable.FAIL, metadata=_key(kinds.one_of(Unreadable))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSection:
    """What is told of documents, to their senders and to the document software."""

    # Whether status 01 (Đã đến) is sent without anybody's doing.
    receipts: bool = field(default=True, metadata=_key(kinds.truth))
    every: timedelta = field(default=timedelta(minutes=1), metadata=_key(kinds.duration))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One agency's node, described once."""

    agency: AgencySection = field(metadata=_key(Section(AgencySection)))
    axis: AxisSection = field(metadata=_key(Section(AxisSection)))
    folders: FoldersSection = field(metadata=_key(Section(FoldersSection)))
    # What is written for the agency's people (error.txt, warnings) is in this language.
    language: Language = field(default=Language.VI, metadata=_key(kinds.one_of(Language)))
    intake: IntakeSection = field(default=IntakeSection(), metadata=_key(Section(IntakeSection)))
    package: PackageSection = field(
        default_factory=PackageSection, metadata=_key(Section(PackageSection))
    )
    limits: LimitsSection = field(default=LimitsSection(), metadata=_key(Section(LimitsSection)))
    push: PushSection = field(default=PushSection(), metadata=_key(Section(PushSection)))
    pull: PullSection = field(default=PullSection(), metadata=_key(Section(PullSection)))
    report: ReportSection = field(default=ReportSection(), metadata=_key(Section(ReportSection)))
    calendar: CalendarSection = field(
        default=CalendarSection(), metadata=_key(Section(CalendarSection))
    )
    deadlines: DeadlinesSection = field(
        default=DeadlinesSection(), metadata=_key(Section(DeadlinesSection))
    )
    recall: RecallSection = field(default=RecallSection(), metadata=_key(Section(RecallSection)))
    directory: DirectorySection = field(
        default=DirectorySection(), metadata=_key(Section(DirectorySection))
    )
    reports: ReportsSection = field(
        default=ReportsSection(), metadata=_key(Section(ReportsSection))
    )
    backup: BackupSection = field(default=BackupSection(), metadata=_key(Section(BackupSection)))
    retention: RetentionSection = field(
        default=RetentionSection(), metadata=_key(Section(RetentionSection))
    )
    door: DoorSection = field(default=DoorSection(), metadata=_key(Section(DoorSection)))
    trust: TrustSection = field(default=TrustSection(), metadata=_key(Section(TrustSection)))
    stamps: StampsSection = field(default=StampsSection(), metadata=_key(Section(StampsSection)))
    signing: SigningSection = field(
        default=SigningSection(), metadata=_key(Section(SigningSection))
    )
    metrics: MetricsSection = field(
        default=MetricsSection(), metadata=_key(Section(MetricsSection))
    )
    alarms: AlarmsSection = field(default=AlarmsSection(), metadata=_key(Section(AlarmsSection)))
    canary: CanarySection = field(default=CanarySection(), metadata=_key(Section(CanarySection)))
    web: WebSection = field(default=WebSection(), metadata=_key(Section(WebSection)))
    access: AccessSection = field(default=AccessSection(), metadata=_key(Section(AccessSection)))
    log: LogSection = field(default=LogSection(), metadata=_key(Section(LogSection)))

    @property
    def trusted(self) -> Path:
        """The folder of the certificates of authorities that are believed."""
        return self.trust.folder or self.folders.data / "trust"

    @property
    def web_token(self) -> str:
        """Where the token for the web page lies: a path, or a credential of systemd."""
        return self.web.token_file or str(self.folders.data / "web-token")

    @property
    def reports_folder(self) -> Path:
        """The folder in which the report of each month lies."""
        return self.reports.folder or self.folders.exchange / "reports"
