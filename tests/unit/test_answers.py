"""What `edge-node setup` is answered, as a file and one by one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from edge_node.config import kinds
from edge_node.config.answers import (
    NotTaken,
    instance,
    name_from,
    read_answer,
    read_answers,
    user,
)
from edge_node.domain.errors import ConfigError

ROOT = Path(__file__).parents[2]
PAGES = ("docs/install.md", "docs/install.vi.md")


def shown(page):
    """Return the file of answers a page shows."""
    (text,) = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return text


@pytest.mark.parametrize("page", PAGES)
def test_the_answers_a_page_shows_are_taken(tmp_path, page):
    """With the lines that are commented out, too."""
    file = tmp_path / "answers.yaml"
    for text in (shown(page), re.sub(r"^  # (\w+: )", r"  \1", shown(page), flags=re.MULTILINE)):
        file.write_text(text, "utf-8")
        answers = read_answers(file, lambda _: iter(()))
        assert (answers.instance, answers.agency.code) == ("xa-mau", "H37.02.03")
        assert answers.axis.secret_file == str(tmp_path / "axis-secret")
    assert answers.axis.ca_file == Path("/root/axis-ca.pem")


def test_both_pages_show_the_same_answers():
    """In whichever language they are explained."""
    english, vietnamese = (yaml.safe_load(shown(page)) for page in PAGES)
    assert english == vietnamese


def test_what_is_lacking_is_named(tmp_path):
    """Every key that has no default, at once."""
    (tmp_path / "answers.yaml").write_text("name: xa-mau\n")
    with pytest.raises(ConfigError) as refused:
        read_answers(tmp_path / "answers.yaml", lambda _: iter(()))
    told = "\n".join(map(str, refused.value.problems))
    for key in ("agency.code", "agency.name", "axis.url", "axis.secret_file"):
        assert f"{key}: missing" in told


@pytest.mark.parametrize(
    ("code", "name"),
    [("H37.02.03", "h37-02-03"), ("000.00.13.H53", "000-00-13-h53"), ("A-", "a")],
)
def test_an_instance_is_called_after_its_agency(code, name):
    """As far as systemd's names go."""
    assert name_from(code) == name
    assert read_answer(instance, name) == name


@pytest.mark.parametrize("text", ["-a", "a-", "a b", "a.b", "a/b", "", "ă", "a" * 41])
def test_not_everything_is_a_name(text):
    """What would not pass through a path, a unit and a command line unharmed."""
    with pytest.raises(NotTaken, match="letters, digits and dashes"):
        read_answer(instance, text)


@pytest.mark.parametrize("text", ["root; id", "-r", "a b", ""])
def test_not_everything_is_a_user(text):
    """It stands on a command line of root's."""
    with pytest.raises(NotTaken):
        read_answer(user, text)


def test_an_answer_is_read_as_the_configuration_is():
    """The same kinds, the same forms."""
    assert read_answer(kinds.name, "  Xã Mẫu ") == "Xã Mẫu"
