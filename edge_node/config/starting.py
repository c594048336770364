"""The first configuration of an agency, which `edge-node init` and `edge-node setup` write."""

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
{axis_more}
folders:
  # Thư mục riêng của edge-node. / The node's own folder.
  data: {data}
  # Thư mục dùng chung với phần mềm quản lý văn bản. / Shared with the document software.
  exchange: {exchange}
"""
_SYSTEM_ID: Final = """\
  # Tên hệ thống đã đăng ký với trục. / The name this system is registered by.
  system_id: {name}
"""
_CA_FILE: Final = """\
  # Chứng thư gốc dùng thay cho kho của máy. / Certificates to trust instead of the machine's own.
  ca_file: {path}
"""
_KEY: Final = """\

# Khi nào ký: signing.documents, xem docs/signatures.md.
# When it signs: signing.documents, see docs/signatures.md.
{stamps}
  keys:
    - name: {name}
      pkcs12: {pkcs12}
"""
_STAMPED: Final = """\
stamps:
  servers:
    - url: {url}
signing:"""
_UNSTAMPED: Final = """\
signing:
  # Không có máy chủ dấu thời gian. / There is no time-stamp server.
  level: B-B"""
_OPENED_BY: Final = """\
      password_file: {password_file}
"""


def starter(
    *,
    code: str,
    name: str,
    url: str,
    secret_file: str,
    data: Path,
    exchange: Path | None = None,
    system_id: str | None = None,
    ca_file: Path | None = None,
) -> str:
    """
    Return YAML with the keys that have no default; ``exchange`` lies in ``data`` when None.

    What else is None is left out, and has its default.
    """
    more = _SYSTEM_ID.format(name=quoted(system_id)) if system_id else ""
    more += _CA_FILE.format(path=quoted(str(ca_file))) if ca_file else ""
    return _TEXT.format(
        axis_more=more,
        code=quoted(code),
        name=quoted(name),
        url=quoted(url),
        secret_file=quoted(secret_file),
        data=quoted(str(data)),
        exchange=quoted(str(exchange or data / "exchange")),
    )


def with_key(name: str, pkcs12: Path, password_file: Path | None, stamp_server: str | None) -> str:
    """Return the sections, to stand behind the others, that name a key to sign with."""
    stamps = _STAMPED.format(url=quoted(stamp_server)) if stamp_server else _UNSTAMPED
    text = _KEY.format(name=quoted(name), pkcs12=quoted(str(pkcs12)), stamps=stamps)
    if password_file:
        text += _OPENED_BY.format(password_file=quoted(str(password_file)))
    return text


def quoted(text: str) -> str:
    """Return the text as a YAML scalar in double quotes: letters as they are, the rest escaped."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08X}"
