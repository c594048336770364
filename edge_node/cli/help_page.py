"""
What `--help` prints, in the reader's language.

The library that reads the command line writes the page, and its own few words are English: they
are known again here. What the commands and options say of themselves comes in the reader's
language already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typer._click.formatting import HelpFormatter  # typer is pinned to 0.29

from edge_node.catalogue import here

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIND: Final = re.compile(r"^([^- ]\S*) <[^<>]*>$")  # of an argument: its name says more
_NAMED: Final = re.compile(r"\{([^{}]*?)(?:\.\.\.|…)?\}")  # {ID…}, where ID says it
_DEFAULT: Final = re.compile(r"\[default: (?P<value>[^\]]*)\]$")
_REQUIRED: Final = "  [required]"  # the line that says how it is used shows it as well


class HelpPage(HelpFormatter):
    """Writes the words of the library in the reader's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that says how a command is used."""
        super().write_usage(prog, usage(args), prefix or here("Usage") + ": ")

    def write_heading(self, heading: str) -> None:
        """Write what is above a list."""
        super().write_heading(title(heading))

    def write_dl(
        self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write a list of terms and what they are."""
        super().write_dl([term(*row) for row in rows], col_max, col_spacing)


def usage(args: str) -> str:
    """Return what may follow a command."""
    plain = _NAMED.sub(r"\1", args).replace("[OPTIONS]", here("[OPTIONS]"))
    return plain.replace("COMMAND [ARGS]...", here("COMMAND [ARGS]..."))


def title(heading: str) -> str:
    """Return what stands above a list."""
    words = {
        "Arguments": here("Arguments"),
        "Options": here("Options"),
        "Commands": here("Commands"),
    }
    return words.get(heading, heading)


def term(name: str, text: str) -> tuple[str, str]:
    """Return a term and what it is."""
    if text == "Show this message and exit.":
        text = here("Show this page and end.")
    default = here("default")
    text = text.removesuffix(_REQUIRED)
    text = _DEFAULT.sub(lambda found: f"[{default}: {found['value']}]", text)
    return _KIND.sub(r"\1", name), text
