#!/usr/bin/env bash
# Everything that wants a booted machine: the units with people at them, and the packages.
#
#     test_system.sh [STORY...]      all stories of installed/installed.sh unless told otherwise
#
# Where none can be booted it says why. That is a failure, unless it is the kernel or whoever runs
# this machine that keeps us from it: then nothing here could be mended.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=debian_root.sh
. "$here/debian_root.sh"

not_here() { printf 'cannot boot a machine here: %s\n' "$*" >&2; exit 0; }

[ "$(id -u)" = 0 ] || not_here "this wants root"
unshare --mount --pid --net --uts --ipc --fork true 2>/dev/null || not_here "namespaces are forbidden"
unshare --mount --fork mount -t tmpfs none /mnt 2>/dev/null || not_here "mounting is forbidden"
[ -e /dev/loop-control ] || not_here "there are no loop devices"
need_tools

# systemd as the first process of a namespace, up and down again, with nothing of ours in it.
SUITE=bookworm
# shellcheck source=systemd/machine.sh
. "$here/systemd/machine.sh"
probe=$(a_copy_of "$(bootable_root)")
booted=yes
timeout 120 systemd-nspawn --quiet --directory="$probe" --boot --register=no --keep-unit --private-network \
    --console=read-only systemd.unit=poweroff.target </dev/null >"$probe.console" 2>&1 || booted=
tail -3 "$probe.console" >&2
rm -rf --one-file-system "$probe" "$probe.console"
[ -n "$booted" ] || not_here "systemd does not come up in a namespace of this machine"

"$here/systemd/boot.sh" bookworm
"$here/installed/installed.sh" "$@"
