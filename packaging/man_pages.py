"""
Writes the manual pages out of what the command line says of itself, one for each command.

    EDGE_NODE_LANG=vi python packaging/man_pages.py DIRECTORY

Help is put into words when the modules are imported: a run writes the pages of one language. Their
date is SOURCE_DATE_EPOCH (seconds since 1970, reproducible-builds.org), today without it.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from typer._click import Context
from typer.core import TyperGroup

from edge_node import __version__
from edge_node.catalogue import language_of
from edge_node.cli.app import app
from edge_node.cli.help_page import HelpPage, term, title, usage
from edge_node.domain.language import Language

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM: Final = "edge-node"
# The chapters of man-pages(7) that the help has no heading for.
CHAPTERS: Final = {
    Language.EN: ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "SEE ALSO"),
    Language.VI: ("TÊN", "CÁCH DÙNG", "MÔ TẢ", "MÃ KẾT THÚC", "XEM THÊM"),
}
ENDINGS: Final = {
    Language.EN: ("Done.", "It could not be done.", "The command line was wrong."),
    Language.VI: ("Đã làm xong.", "Không làm được.", "Dòng lệnh sai."),
}


class ManPage(HelpPage):
    """Writes the help of a command as man(7) wants it."""

    def write_usage(
        self,
        prog: str,
        args: str = "",
        prefix: str | None = None,  # noqa: ARG002 - the chapter says it
    ) -> None:
        """Write how the command is used, and open the chapter that says what it does."""
        _, synopsis, description, *_ = CHAPTERS[language_of(os.environ)]
        self._lines(f'.SH "{synopsis}"', f"\\fB{quoted(prog)}\\fR {quoted(usage(args))}")
        self._lines(f'.SH "{description}"')

    def write_text(self, text: str) -> None:
        """Write what the command does."""
        paragraphs = (" ".join(part.split()) for part in text.strip().split("\n\n"))
        self._lines("\n.PP\n".join(quoted(paragraph) for paragraph in paragraphs))

    def write_heading(self, heading: str) -> None:
        """Write what is above a list."""
        self._lines(f'.SH "{title(heading).upper()}"')

    def write_dl(
        self,
        rows: Sequence[tuple[str, str]],
        col_max: int = 30,  # noqa: ARG002 - man sets its own columns
        col_spacing: int = 2,  # noqa: ARG002
    ) -> None:
        """Write a list of terms and what they are."""
        for name, text in (term(*row) for row in rows):
            self._lines(".TP", f"\\fB{quoted(name)}\\fR", quoted(" ".join(text.split())))

    def write_paragraph(self) -> None:
        """Write nothing: man parts its chapters itself."""

    def _lines(self, *lines: str) -> None:
        self.write("".join(f"{line}\n" for line in lines))


def main() -> None:
    """Write the pages into the folder that is named, which is made where it is missing."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    root = Context(typer.main.get_command(app), info_name=PROGRAM, help_option_names=["--help"])
    for context in commands(root):
        (folder / f"{name_of(context)}.1").write_text(page(context), "utf-8")


def commands(context: Context) -> Iterator[Context]:
    """Yield a command and, below it, each command it has that is shown."""
    yield context
    for one in below(context):
        yield from commands(one)


def below(context: Context) -> list[Context]:
    """Return the commands of a command, each where it stands."""
    group = context.command
    if not isinstance(group, TyperGroup):
        return []
    named = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [
        Context(command, parent=context, info_name=name)
        for name, command in named
        if command and not command.hidden
    ]


def page(context: Context) -> str:
    """Return the page of a command."""
    name_head, _, _, endings_head, also_head = CHAPTERS[language_of(os.environ)]
    name, said = name_of(context), (context.command.help or "").strip().partition("\n")[0]
    formatter = ManPage(width=10_000)
    context.command.format_help(context, formatter)
    endings = enumerate(ENDINGS[language_of(os.environ)])
    also = [name_of(one) for one in (context.parent, *below(context)) if one]
    parts = (
        f'.TH "{quoted(name.upper())}" 1 {made_on():%Y-%m-%d} "{PROGRAM} {__version__}"\n',
        f'.SH "{name_head}"\n{quoted(name)} \\- {quoted(said.removesuffix("."))}\n',
        formatter.getvalue(),
        f'.SH "{endings_head}"\n',
        *(f".TP\n\\fB{code}\\fR\n{quoted(text)}\n" for code, text in endings),
        f'.SH "{also_head}"\n' if also else "",
        " ,\n".join(f".BR {quoted(one)} (1)" for one in also),
    )
    return "".join(parts).rstrip("\n") + "\n"


def name_of(context: Context) -> str:
    """Return what a page is called: the command with dashes."""
    return context.command_path.replace(" ", "-")


def quoted(text: str) -> str:
    """Return text of which roff makes nothing of its own."""
    for sign, written in (("\\", "\\e"), ("-", "\\-"), ('"', "\\(dq"), ("'", "\\(aq")):
        text = text.replace(sign, written)
    return f"\\&{text}" if text.startswith(".") else text


def made_on() -> datetime:
    """Return the time the pages bear."""
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time()), UTC)


if __name__ == "__main__":
    main()
