"""
The configuration: one YAML file in, one frozen `Config` out, or every problem it has.

Values and their defaults are in `sections`, what can be chosen in `choices`, how both are written
in `kinds`; to import them costs little, because the YAML parser is only loaded by `load`.
"""

from edge_node.config.backup import ArchivesSection, BackupSection
from edge_node.config.calendar import CalendarSection
from edge_node.config.choices import (
    ContentTypes,
    Fetch,
    HashFile,
    LogFormat,
    LogLevel,
    Meaning,
    Revocations,
    StampHash,
    Unchecked,
    Unreadable,
    Unsure,
    Watch,
)
from edge_node.config.deadlines import DeadlinesSection
from edge_node.config.directory import DirectorySection
from edge_node.config.door import DoorSection, IncomingSection, OutgoingSection
from edge_node.config.log import LogSection, SyslogSection
from edge_node.config.package import DOCUMENT_TYPES, PackageSection
from edge_node.config.reading import load
from edge_node.config.recall import RecallBy, RecallSection
from edge_node.config.reports import ReportsSection
from edge_node.config.retention import RetentionSection
from edge_node.config.sections import (
    ERROR_CODES,
    AgencySection,
    AxisSection,
    Config,
    FoldersSection,
    IntakeRule,
    IntakeSection,
    LimitsSection,
    PullSection,
    PushSection,
    ReportSection,
)
from edge_node.config.signing import LookSection, SigningKeySection, SigningSection
from edge_node.config.starting import starter
from edge_node.config.trusting import StampServer, StampsSection, TrustSection

__all__ = [
    "DOCUMENT_TYPES",
    "ERROR_CODES",
    "AgencySection",
    "ArchivesSection",
    "AxisSection",
    "BackupSection",
    "CalendarSection",
    "Config",
    "ContentTypes",
    "DeadlinesSection",
    "DirectorySection",
    "DoorSection",
    "Fetch",
    "FoldersSection",
    "HashFile",
    "IncomingSection",
    "IntakeRule",
    "IntakeSection",
    "LimitsSection",
    "LogFormat",
    "LogLevel",
    "LogSection",
    "LookSection",
    "Meaning",
    "OutgoingSection",
    "PackageSection",
    "PullSection",
    "PushSection",
    "RecallBy",
    "RecallSection",
    "ReportSection",
    "ReportsSection",
    "RetentionSection",
    "Revocations",
    "SigningKeySection",
    "SigningSection",
    "StampHash",
    "StampServer",
    "StampsSection",
    "SyslogSection",
    "TrustSection",
    "Unchecked",
    "Unreadable",
    "Unsure",
    "Watch",
    "load",
    "starter",
]
