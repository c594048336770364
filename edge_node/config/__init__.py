"""
The configuration: one YAML file in, one frozen `Config` out, or every problem it has.

Values and their defaults are in `sections`, what can be chosen in `choices`, how both are written
in `kinds`; to import them costs little, because the YAML parser is only loaded by `load`.
"""

from edge_node.config.choices import (
    ContentTypes,
    Fetch,
    HashFile,
    LogFormat,
    LogLevel,
    Meaning,
    Revocations,
    StampHash,
    Unreadable,
    Unsure,
    Watch,
)
from edge_node.config.door import DoorSection, IncomingSection, OutgoingSection
from edge_node.config.reading import load
from edge_node.config.sections import (
    DOCUMENT_TYPES,
    ERROR_CODES,
    AgencySection,
    AxisSection,
    BackupSection,
    Config,
    FoldersSection,
    IntakeRule,
    IntakeSection,
    LimitsSection,
    LogSection,
    PackageSection,
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
    "AxisSection",
    "BackupSection",
    "Config",
    "ContentTypes",
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
    "ReportSection",
    "Revocations",
    "SigningKeySection",
    "SigningSection",
    "StampHash",
    "StampServer",
    "StampsSection",
    "TrustSection",
    "Unreadable",
    "Unsure",
    "Watch",
    "load",
    "starter",
]
