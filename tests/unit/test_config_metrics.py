"""Where measurements may be served: on this machine, and nowhere else."""

from pathlib import Path

import pytest

from edge_node.config import load
from edge_node.config.metrics import Port, SocketFile
from edge_node.domain.errors import ConfigError

REQUIRED = """\
agency: {code: H37.02, name: A}
axis: {url: https://ltvb.example.gov.vn, secret_file: secret}
folders: {data: data}
"""


def read(folder, text):
    path = folder / "config.yaml"
    path.write_text(REQUIRED + text, encoding="utf-8")
    return load(path).metrics


def test_nothing_is_served_where_nothing_is_said(tmp_path):
    """No port is open unless somebody asks for it."""
    assert read(tmp_path, "").place is None
    assert read(tmp_path, "metrics: {listen: null}\n").place is None


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("127.0.0.1:9464", Port("127.0.0.1", 9464)),
        ("localhost:0", Port("localhost", 0)),
        ('"[::1]:9464"', Port("::1", 9464)),
        ("unix:/run/edge-node/a.sock", SocketFile(Path("/run/edge-node/a.sock"))),
    ],
)
def test_an_address_of_this_machine_is_taken(tmp_path, written, place):
    """A port of loopback, or a socket."""
    assert read(tmp_path, f"metrics: {{listen: {written}}}\n").place == place


def test_a_socket_lies_where_the_file_says(tmp_path):
    """Relative to the configuration, like every path."""
    place = read(tmp_path, "metrics: {listen: 'unix:m.sock'}\n").place
    assert place == SocketFile(tmp_path / "m.sock")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("0.0.0.0:9464", "whoever reaches the page may read it"),
        ("10.1.2.3:9464", "put a proxy before it"),
        ('"[::]:9464"', "this machine alone"),
        ("monitor.example.gov.vn:80", "this machine alone"),
        ("9464", "127.0.0.1:9464 or unix:/PATH"),
        ("127.0.0.1:65536", "127.0.0.1:9464 or unix:/PATH"),
        ("'unix:'", "unix:/PATH"),
        (f"unix:/{'x' * 120}", "107 bytes at most"),
    ],
)
def test_any_other_address_is_refused_with_the_reason(tmp_path, written, words):
    """What is for this machine alone listens to nobody else."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"metrics: {{listen: {written}}}\n")

    (problem,) = caught.value.problems
    assert "metrics.listen: expected" in str(problem)
    assert words in str(problem)
