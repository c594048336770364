"""
A node on paper for tests of the doctor's: a configuration, its folders, and what is found there.

    node = Paper(tmp_path)                       # set up, nothing wrong but what a test breaks
    node.told["axis"]["url"] = server.url        # whatever the configuration is to say
    node.finds("axis")["axis.tls"].health        # by the check's file in `looks`
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module

import yaml

from edge_node.checks.rounds import make_rounds
from edge_node.config import load
from edge_node.node import Node


class Paper:
    """A node that was set up, and where nobody is at work."""

    def __init__(self, folder):
        """Write a configuration, and make what `edge-node init` makes."""
        self.folder = folder
        self.config = folder / "config.yaml"
        self.secret = folder / "secret"
        self.secret.write_text("SECRET-OF-THE-AXIS\n")
        self.secret.chmod(0o600)
        self.data = folder / "data"
        self.data.mkdir(mode=0o700)
        self.exchange = self.data / "exchange"
        self.told = {
            "agency": {"code": "H37.02", "name": "Sở Mẫu"},
            "axis": {"url": "http://127.0.0.1:1", "secret_file": str(self.secret)},
            "folders": {"data": str(self.data)},
        }
        self.written()
        node = Node(config=load(self.config))
        node.set_up()
        node.close()

    def written(self):
        """Write the configuration as it stands."""
        self.config.write_text(yaml.safe_dump(self.told, allow_unicode=True), encoding="utf-8")

    def finds(self, look, **options):
        """Write the configuration; return what one look finds, by the id of the check."""
        self.written()
        return {one.check: one for one in found(self.config, look, **options)}


def found(config, look, *, now=None, environ=None):
    """Return all that one look finds of a configuration."""
    check = import_module(f"edge_node.checks.looks.{look}").CHECK
    now = now or datetime.now(UTC)
    return list(make_rounds(config, now=now, environ=environ or {}, checks=[check]))
