"""The test axis every system test talks to, and agencies on it."""

from __future__ import annotations

import subprocess

import pytest
import yaml
from at_terminal import ME, SECRET
from system_world import EDGE_NODE, an_axis, an_office, environment


@pytest.fixture(scope="session")
def axis(tmp_path_factory):
    with an_axis(tmp_path_factory.mktemp("axis")) as axis:
        yield axis


@pytest.fixture
def office(tmp_path, axis):
    return an_office(tmp_path, axis)


@pytest.fixture
def other(tmp_path, axis):
    return an_office(tmp_path, axis)


@pytest.fixture
def etc(tmp_path):
    """Give the folder for configurations; there is none yet."""
    return tmp_path / "etc" / "edge-node"


@pytest.fixture
def answers(tmp_path):
    """Give what a file of answers says, the secret beside it."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    return {
        "agency": {"code": "H37.02.03", "name": "Ủy ban nhân dân xã Mẫu"},
        "axis": {"url": "http://127.0.0.1:9", "secret_file": "secret"},
        "folders": {
            "data": str(tmp_path / "state" / "data"),
            "exchange": str(tmp_path / "state" / "exchange"),
        },
    }


@pytest.fixture
def set_up(tmp_path, etc, answers):
    """Give the command with a file of answers, as they are then."""

    def set_up(*arguments, user=ME, typed=None):
        file = tmp_path / "answers.yaml"
        file.write_text(yaml.safe_dump(answers, allow_unicode=True))
        return subprocess.run(
            [*EDGE_NODE, "setup", "--answers", file, "--etc", etc, "--user", user, *arguments],
            input=typed if typed is not None else "",
            capture_output=True,
            text=True,
            timeout=180,
            env=environment(),
            check=False,
        )

    return set_up
