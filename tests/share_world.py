"""
A server of its own for shares: Debian's smbd or sshd, in namespaces where nothing else is.

What it changes in /etc, /run, /srv and /var it changes in copies that end with it; it listens on
a loopback device that only it has. The exchange folder is the one thing it shares with the rest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import needs
from system_world import EDGE_NODE, environment, running, until

ROOT = Path(__file__).parents[1]
PAGES = ("docs/shares.md", "docs/shares.vi.md")
PASSWORD = "Bí mật-2026"
SHARED = Path("/var/lib/edge-node/xa-mau/exchange")  # where the page says it lies
_GROUP = 64000
_SPACES = ("--mount", "--net", "--pid")
_ALONE = ("unshare", *_SPACES, "--propagation=private", "--fork", "--kill-child", "--mount-proc")

# Commands of a machine that is booted, or has a network: said once here, done by others.
_SHIMS = {
    "apt": "ssh-keygen -A >/dev/null 2>&1; exit 0",  # as openssh-server does when it is installed
    "systemctl": """case "$*" in
"restart smbd") exec smbd -D ;;
"reload ssh") exec /usr/sbin/sshd ;;
*) exit 1 ;;
esac""",
    # It asks on a terminal; here it is told.
    "smbpasswd": f"printf '{PASSWORD}\\n{PASSWORD}\\n' | /usr/bin/smbpasswd -s \"$@\"",
}

_APART = f"""
set -e
for place in /var/lib /var/log /var/cache /srv; do mount -t tmpfs -o mode=755 none $place; done
mkdir -p {SHARED} /var/lib/samba/private /var/log/samba /var/cache/samba
mount --rbind "$EXCHANGE" {SHARED}
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/sshd /run/samba /run/etc /run/shims
cp -a /etc/. /run/etc/
cp /usr/share/samba/smb.conf /run/etc/samba/smb.conf
rm -rf /run/etc/ssh/sshd_config.d/* /run/etc/ssh/ssh_host_*
cp /usr/share/openssh/sshd_config /run/etc/ssh/sshd_config
echo 'edge-node:x:{_GROUP}:' >>/run/etc/group
: >/run/etc/fstab
mount --rbind /run/etc /etc
"$PYTHON" -c "$LISTENS"
echo there
exec sleep infinity
"""


# What `ip link set lo up` does (netdevice(7), SIOCSIFFLAGS): up, loopback, running.
_LISTENS = """
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH22x", b"lo", 0x49))
"""


@dataclass
class Server:
    """A machine that serves the exchange folder of one office."""

    pid: int
    office: object

    def into(self, *command):
        """Return the command line that does something on it."""
        inside = ["nsenter", f"--target={self.pid}", *_SPACES, f"--wd={ROOT}"]
        path = "/run/shims:/usr/sbin:/usr/bin:/sbin:/bin"
        return [*inside, "env", "LC_ALL=C.UTF-8", f"PATH={path}", *map(str, command)]

    def does(self, *command, **options):
        """Do something on it, to its end; return what it said on both outputs."""
        ran = subprocess.run(
            self.into(*command),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            timeout=120,
            **options,
        )
        return ran.returncode, ran.stdout

    def types(self, commands, **options):
        """Do what a page says, line by line, as somebody types it; it goes well."""
        code, said = self.does("bash", "-euxc", commands, **options)
        assert code == 0, said
        return said


@contextmanager
def a_server(office, *programs):
    """Give a server that has the exchange folder of an office, and what the page asks for."""
    needs.root()
    for name, package in programs:
        needs.program(name, package)
    give_to_group(office.exchange)
    with subprocess.Popen(
        [*_ALONE, "bash", "-c", _APART],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ
        | {"EXCHANGE": str(office.exchange), "PYTHON": sys.executable, "LISTENS": _LISTENS},
    ) as holder:
        try:
            assert holder.stdout.readline() == "there\n"
            children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text()
            server = Server(int(children), office)
            for name, body in _SHIMS.items():
                shim = f'printf "#!/bin/sh\\n%s\\n" "$BODY" >/run/shims/{name}'
                server.types(f"{shim}; chmod 755 /run/shims/{name}", env={"BODY": body})
            yield server
        finally:
            holder.kill()  # and with its first process all there is on it


def give_to_group(folder):
    """Give the exchange folder to the node's group, as setting it up as the node's user does."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode & 0o7777
        shutil.chown(path, group=_GROUP)
        path.chmod(mode)


@contextmanager
def at_work(office, *capabilities):
    """
    Run the daemon of an office with the rights of the service's user, no more.

    It stays the owner of its folders, may not touch what belongs to others, and is in the group.
    """
    command = (*_bound(*capabilities), *EDGE_NODE)
    with running(office.log, "-c", office.config, "run", command=command) as node:
        node.says("running: running")
        yield node


def told_to_the_node(office, *arguments):
    """Return what a command that answers in JSON says to the user the node works as."""
    command = [*_bound(), *EDGE_NODE, "-c", office.config, *arguments, "--json"]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment())
    return [json.loads(line) for line in ran.stdout.splitlines()]


def _bound(*capabilities):
    given = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    held = [f"--bounding-set={given}", f"--inh-caps={given}"]
    ambient = [f"--ambient-caps={given}"] if capabilities else []
    return ("setpriv", f"--groups={_GROUP}", *held, *ambient)


def commands_of(page, section):
    """Return what a section of a page has one type, without what is said to be typed elsewhere."""
    text = (ROOT / page).read_text("utf-8")
    chosen = re.search(rf"^## {section}$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return "".join(re.findall(r"^```sh\n(.*?)^```$", chosen[1], re.DOTALL | re.MULTILINE))


# ── a client of the Samba share ──────────────────────────────────────────────────────────────────


@dataclass
class Client:
    """What speaks SMB as the document software does."""

    server: Server
    name: str = "qlvb-xa-mau"
    share: str = "xa-mau"

    def _line(self, commands):
        # Small pieces, so that an upload can be seen on its way.
        wire = ["--send-buffer=4096", f"--user={self.name}%{PASSWORD}"]
        return self.server.into("smbclient", *wire, f"//127.0.0.1/{self.share}", "-c", commands)

    def does(self, *commands):
        """Do this, one after the other, in one connection; return what was said."""
        ran = subprocess.run(
            self._line("; ".join(commands)),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            env=environment(),
        )
        return ran.stdout

    def succeeds(self, *commands):
        """Do this; the server minds none of it."""
        said = self.does(*commands)
        assert "NT_STATUS" not in said, said
        return said

    def puts(self, content, path, folder):
        """Upload bytes under a path of the share, at once."""
        source = folder / "upload"
        source.write_bytes(content)
        return self.does(f'put "{source}" "{path}"')

    @contextmanager
    def uploading(self, path):
        """Open a file of the share for writing and keep it open; give what writes to it."""
        with subprocess.Popen(
            self._line(f'put - "{path}"'),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def size_of(path):
    """Return how large a file is; None where it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def grows_to(path, size):
    """Wait until a file has so many bytes on the server's disk."""
    until(lambda: (size_of(path) or 0) >= size)
