#!/usr/bin/env bash
# The service unit on a booted machine: two agencies and a test axis in a Debian root under
# systemd-nspawn. Documents cross, configurations are reloaded, a node is killed and comes back, and
# so is one that hangs; and people sit at it: they look, act, are told, read the page.
#
# Needs root. What it takes from the environment: debian_root.sh. Started again it works in what
# is there already.
set -euo pipefail
SUITE=${1:-bookworm}
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../../.." && pwd)
# shellcheck source=../debian_root.sh
. "$here/../debian_root.sh"
# shellcheck source=machine.sh
. "$here/machine.sh"
# shellcheck source=nodes.sh
. "$here/nodes.sh"
# shellcheck source=agencies.sh
. "$here/agencies.sh"
# shellcheck source=seat.sh
. "$here/seat.sh"
# shellcheck source=watchdog.sh
. "$here/watchdog.sh"

# ── the story ────────────────────────────────────────────────────────────────────────────────

need_tools
base=$(bootable_root)
root=$(a_copy_of "$base")
trap shut_down EXIT
say "installing edge-node"
install_program "$root"
install_service "$root"
say "booting"
boot "$root"

holds "systemd finds nothing to remark on the units" \
    is "$(inside systemd-analyze verify /etc/systemd/system/edge-node{,-web}@.service 2>&1)" ""
holds "the test axis starts" inside systemctl start axis
within 15 "it has made its agencies" inside test -f /var/lib/axis/secrets/H99.02
documented "Its user" | holds "the node's user can be made as documented" inside bash -e
holds "agency a can be set up as documented" agency a H99.01 /var/lib/edge-node
holds "agency b too, with its folders on another mount" agency b H99.02 /srv/edge-node

# Type=notify: this returns when both nodes have said READY=1.
begun=$(date +%s%N)
holds "both nodes say that they are ready" inside systemctl restart edge-node@a edge-node@b
ready=$((($(date +%s%N) - begun) / 1000000))
holds "a is active" is "$(unit a ActiveState)" active
holds "its status is the agency's code" is "$(unit a StatusText)" H99.01
holds "it runs as a user of its own" is "$(user_of a)" edge-node
holds "it has no capability" is "$(status_of a CapBnd)" 0000000000000000
holds "it is under a system call filter" is "$(status_of a Seccomp)" 2
holds "it can write its own folder" writable a /var/lib/edge-node/a/proof
for place in /opt/edge-node /etc/edge-node/a /var/lib /srv/edge-node/b; do
    holds "it cannot write in $place" not writable a "$place/proof"
done
holds "it sees its own credential" readable a /run/credentials/edge-node@a.service/axis-secret
holds "and not its neighbour's" not readable a /run/credentials/edge-node@b.service/axis-secret
holds "the secret is root's alone" is "$(inside stat -c '%U %a' /etc/edge-node/a/axis-secret)" "root 600"

drop_bundle $A 101 H99.02
within 30 "a folder another user dropped at a arrives at b, whole, for that user" arrived_whole $B 101
within 15 "a keeps it under sent, where that user can read it" \
    as qlvb sh -c "cat $A/sent/*/*/*/101/status.json >/dev/null 2>&1"
drop_sidecar $B 245 H99.01
within 30 "a sheet with its file dropped at b, on another mount, arrives at a" arrived_whole $A 245
holds "the document software can take it" as qlvb sh -c "mv $A/inbox/*_245-UBND-VP /tmp/"
within 15 "b hears of it" sh -c "ls $root$B/receipts | grep -q ."
memory=$(status_of a VmRSS)

before=$(main_pid a)
runs=$(times_logged a '^info running: running')
inside sed -i 's/^report:.*/report: {every: 2s}/' /etc/edge-node/a/config.yaml
holds "a takes a reload" inside systemctl reload edge-node@a
within 15 "it runs on with the new configuration" runs_anew
holds "it is the same process" is "$(main_pid a)" "$before"
inside cp /etc/edge-node/a/config.yaml /root/good.yaml
inside sh -c "echo 'nonsense: 1' >>/etc/edge-node/a/config.yaml"
inside systemctl reload edge-node@a
within 15 "a broken configuration is refused, as an error" refused_as_error
holds "and the node goes on" is "$(unit a ActiveState) $(main_pid a)" "active $before"
inside cp /root/good.yaml /etc/edge-node/a/config.yaml

inside systemctl kill --signal=KILL --kill-who=main edge-node@a
within 40 "killed, it is started again" restarted a
drop_bundle $A 102 H99.02
within 30 "and sends on" arrived_whole $B 102

hangs_and_comes_back

holds "an authority can be founded, and gives a its key" authority
holds "both nodes can be told to believe it" inside bash -e /root/believe.sh
holds "a can be told to sign, by a password that is a credential" inside bash -e /root/sign.sh
holds "both start anew" inside systemctl restart edge-node@a edge-node@b
drop_bundle $A 103 H99.02
within 60 "what a signed and had time-stamped is VALID at b" found_valid $B 103
holds "a keeps the signed copy beside the drop" \
    as qlvb sh -c "ls $A/sent/*/*/*/103/signed/103.pdf >/dev/null 2>&1"

operators_seat

begun=$(date +%s%N)
holds "a stops" inside systemctl stop edge-node@a
stopped=$((($(date +%s%N) - begun) / 1000000))
holds "in less than five seconds ($stopped ms)" [ "$stopped" -lt 5000 ]
holds "of its own accord" is "$(unit a Result) $(unit a ExecMainStatus)" "success 0"

holds "the journal's last word is its own" is "$(logged a -t edge-node -n 1)" "info running: stopped"
{ inside journalctl --no-pager -o export; inside cat /var/log/forwarded; } >"$root.journal"
for secret in "$(inside cat /etc/edge-node/a/axis-secret)" "$(inside cat /etc/edge-node/b/axis-secret)" \
    "$token" "${HOOK_PAIR#*:}" "$OPERATOR_PASSWORD" "$SUBJECT"; do
    holds "no secret and no subject is in the journal or was forwarded" not grep -qF "$secret" "$root.journal"
done
rm -f "$root.journal"
printf 'ready in %s ms (two nodes), stopped in %s ms, %s MB resident\n' "$ready" "$stopped" $((${memory% kB} / 1024))
for unit in edge-node@a edge-node-web@a; do
    inside systemd-analyze security --no-pager "$unit" | sed -n 's/^→ //p'
done
