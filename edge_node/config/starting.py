"""The first configuration of an agency, which `edge-node init` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_TEXT: Final = """\
# Cấu hình edge-node. Mọi khóa khác đều có giá trị mặc định: xem config.example.yaml.
# Configuration of edge-node. Every other key has a default: see config.example.yaml.

agency:
  code: {code}
  name: {name}

axis:
  url: {url}
  # Tệp chứa khóa bí mật do đơn vị vận hành trục cấp (quyền 0600).
  # The file with the secret key the operator of the axis gave out (mode 0600).
  secret_file: {secret_file}

folders:
  # Thư mục riêng của edge-node. / The node's own folder.
  data: {data}
  # Thư mục dùng chung với phần mềm quản lý văn bản. / Shared with the document software.
  exchange: {exchange}
"""


def starter(
    *,
    code: str,
    name: str,
    url: str,
    secret_file: str,
    data: Path,
    exchange: Path | None = None,
) -> str:
    """Return YAML with the keys that have no default; ``exchange`` lies in ``data`` when None."""
    return _TEXT.format(
        code=quoted(code),
        name=quoted(name),
        url=quoted(url),
        secret_file=quoted(secret_file),
        data=quoted(str(data)),
        exchange=quoted(str(exchange or data / "exchange")),
    )


def quoted(text: str) -> str:
    """Return the text as a YAML scalar in double quotes: letters as they are, the rest escaped."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08X}"
