"""What the configuration says of who carries archives elsewhere."""

import pytest

from edge_node.config import load
from edge_node.config.choices import Carrier
from edge_node.domain.errors import ConfigError

REQUIRED = """\
agency: {code: H37.02, name: A}
axis: {url: https://ltvb.example.gov.vn, secret_file: secret}
folders: {data: data}
"""


def read(folder, carry):
    path = folder / "config.yaml"
    path.write_text(f"{REQUIRED}backup: {{archives: {{carry: {carry}}}}}", encoding="utf-8")
    return load(path).backup.archives.carry


def test_nobody_carries_unless_it_is_said_who_and_where_to(tmp_path):
    """Each of the two with what is its own."""
    assert read(tmp_path, "{}").by is None
    carry = read(tmp_path, "{by: rclone, to: 'away:archives', config: rclone.conf}")
    assert (carry.by, carry.to) == (Carrier.RCLONE, "away:archives")
    assert carry.config == tmp_path / "rclone.conf"
    carry = read(tmp_path, "{by: restic, to: /mnt/kho, password_file: 'credential:restic'}")
    assert (carry.by, carry.password_file) == (Carrier.RESTIC, "credential:restic")


@pytest.mark.parametrize(
    ("carry", "wrong"),
    [
        ("{by: rsync, to: a}", "carry.by: expected one of rclone, restic, found 'rsync'"),
        ("{by: rclone}", "carry.to: missing: rclone is to carry archives somewhere"),
        ("{to: 'away:archives'}", "carry.by: missing: expected one of rclone, restic"),
        ("{by: restic, to: a}", "carry.password_file: missing: a repository has a password"),
        (
            "{by: rclone, to: a, password_file: b}",
            "carry.password_file: only together with restic",
        ),
        ("{by: restic, to: a, password_file: b, config: c}", "carry.config: only together with"),
        (
            "{by: rclone, to: --config=x}",
            "such as remote:folder, sftp:host:/folder or /mnt/folder",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_problem(tmp_path, carry, wrong):
    """Named with the key it is about; an address that is refused is not shown."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, carry)
    [problem] = map(str, caught.value.problems)
    assert wrong in problem
    assert "--config=x" not in problem
