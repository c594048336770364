"""The README's quick start, typed as it stands: every command there is run here."""

import re
from pathlib import Path

import pytest
from typed import a_free_port, typed

ROOT = Path(__file__).parents[2]
PORT = "8479"


def quick_start():
    """Return what the README asks a newcomer to type, after `make setup`."""
    section = (ROOT / "README.md").read_text("utf-8").split("## Quick start by hand")[1]
    typed = re.findall(r"^```sh\n(.*?)^```$", section.split("\n## ")[0], re.DOTALL | re.MULTILINE)
    return "".join(typed).replace("make setup\n", "")


@pytest.mark.slow
def test_the_quick_start_does_what_it_says(tmp_path):
    """A newcomer who types it sees the document arrive, and its status come back."""
    script = quick_start().replace(PORT, a_free_port())

    status, output = typed(script + "wait\n", tmp_path)

    assert status == 0, output
    assert "12-VP.pdf\ndocument.json\nverification.json\n" in output
    assert "03 Đã tiếp nhận" in output
    assert re.search(r"^o\w+ .* H99\.02 +12/VP +delivered 03$", output, re.MULTILINE)
