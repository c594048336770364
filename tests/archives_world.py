"""An agency of the flows' world that has a sheet of configuration and makes archives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from flows_world import LETTER, Desk, a_sheet

from edge_node.adapters.age import new_key
from edge_node.config import load
from edge_node.domain.actor import Actor
from edge_node.node.archiving import Archiving
from edge_node.node.restoring import Restoring
from edge_node.node.unpacking import Unpacking

if TYPE_CHECKING:
    from pathlib import Path

PERSON = Actor(name="an", why="ổ đĩa hỏng")


@dataclass(kw_only=True)
class Office:
    """A desk with a folder of its own: the sheet, data, exchange, and the key beside them."""

    folder: Path
    desk: Desk
    key: Path
    archives: Path

    @property
    def sheet(self) -> Path:
        """The file of the configuration."""
        return self.folder / "config.yaml"

    def archive(self) -> Path:
        """Make an archive where the configuration says."""
        return Archiving(self.desk.node, self.sheet).make().path

    def opened(self, path: Path) -> Restoring:
        """Open an archive with this office's key."""
        return Restoring(Unpacking(archive=path, identity=self.key))

    def drop(self, to: str, number: str) -> None:
        """Drop a letter."""
        self.desk.drop(
            number, {"cv.pdf": LETTER.read_bytes()}, **a_sheet("cv.pdf", to=to, number=number)
        )


def an_office(world: Any, folder: Path, *, exchange: str = "exchange", **archives: Any) -> Office:
    """Set up a node that makes archives, encrypted unless told otherwise."""
    folder.mkdir()
    private, public = new_key()
    key, place = folder / "private-key", folder.with_name(f"{folder.name}.archives")
    key.write_text(private)
    key.chmod(0o600)
    code = next(world._codes)
    sheet = {
        "agency": {"code": code, "name": f"Đơn vị {code}"},
        "axis": {"url": world.url, "secret_file": str(world.member(code).secret_file)},
        # Relative to the sheet: put elsewhere, they go with it.
        "folders": {"data": "data", "exchange": exchange},
        "intake": {"quiet": "0s", "bare_grace": "0s"},
        "directory": {"lists": []},
        "limits": {"free_space": "0"},
        "backup": {
            "archives": {"folder": str(place), "recipients": [public], "keep": 3} | archives
        },
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(sheet, allow_unicode=True))
    desk = Desk(config=load(folder / "config.yaml"))
    desk.node.set_up()
    world._desks.append(desk)
    return Office(folder=folder, desk=desk, key=key, archives=place)


def the_office_at(world: Any, folder: Path, like: Office) -> Office:
    """Start a node on what lies in another folder now, as late as the old one."""
    desk = Desk(config=load(folder / "config.yaml"), now=like.desk.now, seconds=like.desk.seconds)
    world._desks.append(desk)
    desk.node.prepare()
    return Office(folder=folder, desk=desk, key=like.key, archives=like.archives)
