"""What some tests ask of the machine; one that lacks it skips them and says why, but for CI."""

from __future__ import annotations

import os
import shutil

import pytest


def root():
    """Ask to be root: the test mounts something, or makes files of another user's."""
    _demand(os.geteuid() == 0, "needs root")


def program(name, package):
    """Ask for a program; `make test` installs its Debian package where that is possible."""
    _demand(shutil.which(name) is not None, f"needs {name}, of the Debian package {package}")


def _demand(there, why):
    if not there and os.environ.get("CI"):
        pytest.fail(why)
    if not there:
        pytest.skip(why)
