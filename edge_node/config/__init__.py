"""
The configuration: one YAML file in, one frozen `Config` out, or every problem it has.

Values and their defaults are in `sections`, how they are written in `kinds`; to import them costs
little, because the YAML parser is only loaded by `load`.
"""

from edge_node.config.reading import load
from edge_node.config.sections import (
    DOCUMENT_TYPES,
    AgencySection,
    AxisSection,
    Config,
    ContentTypes,
    Fetch,
    FoldersSection,
    HashFile,
    IntakeRule,
    IntakeSection,
    LimitsSection,
    LogFormat,
    LogLevel,
    LogSection,
    PackageSection,
    PullSection,
    PushSection,
    ReportSection,
    Unreadable,
    Watch,
)
from edge_node.config.starting import starter

__all__ = [
    "DOCUMENT_TYPES",
    "AgencySection",
    "AxisSection",
    "Config",
    "ContentTypes",
    "Fetch",
    "FoldersSection",
    "HashFile",
    "IntakeRule",
    "IntakeSection",
    "LimitsSection",
    "LogFormat",
    "LogLevel",
    "LogSection",
    "PackageSection",
    "PullSection",
    "PushSection",
    "ReportSection",
    "Unreadable",
    "Watch",
    "load",
    "starter",
]
