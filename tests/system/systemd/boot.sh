#!/usr/bin/env bash
# The service unit on a booted machine: two agencies and a test axis in a Debian root under
# systemd-nspawn. Documents cross, configurations are reloaded, a node is killed and comes back.
#
# Needs root. What it takes from the environment: debian_root.sh. Started again it works in what
# is there already and needs no more than a minute.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../../.." && pwd)
# shellcheck source=../debian_root.sh
. "$here/../debian_root.sh"

SUITE=${1:-bookworm}
BOOT_PACKAGES="systemd systemd-sysv dbus"
SOURCE=/usr/src/edge-node

# ── the machine ──────────────────────────────────────────────────────────────────────────────

# Make the root that boots, with what edge-node depends on in it, where there is none.
bootable_root() {
    local bare root=$ROOTS/$SUITE-boot
    bare=$(bare_root "$SUITE")
    if [ ! -d "$root" ]; then
        say "making a root that boots in $root"
        rm -rf --one-file-system "$root.part"
        cp -a --reflink=auto "$bare" "$root.part"
        inside_root "$root.part" bash -ec "
            apt-get -qq update
            apt-get -qq -y install --no-install-recommends $BOOT_PACKAGES
            python3 -m venv /opt/edge-node" >"$root.log" 2>&1 </dev/null || fail "see $root.log"
        install_program "$root.part" >>"$root.log" 2>&1 || fail "see $root.log"
        mv "$root.part" "$root"
    fi
    echo "$root"
}

# Install this working tree and whatever of its dependencies is not there yet.
install_program() {
    rm -rf "$1$SOURCE"
    mkdir -p "$1$SOURCE"
    git -C "$project" ls-files -z --cached --others --exclude-standard |
        (cd "$project" && xargs -0 sh -c 'for path; do [ ! -e "$path" ] || printf "%s\0" "$path"; done' -) |
        tar -C "$project" --null -T - -c | tar -x -C "$1$SOURCE"
    inside_root "$1" --chdir="$SOURCE" /opt/edge-node/bin/pip --quiet --disable-pip-version-check \
        install --constraint constraints.txt '.[sandbox]' </dev/null
}

# Put the units in place, and the user of the document software on the machine.
install_service() {
    install -m 644 "$project/systemd/edge-node@.service" "$here/axis.service" "$1/etc/systemd/system"
    inside_root "$1" useradd qlvb </dev/null
}

boot() {
    systemd-nspawn --quiet --directory="$1" --boot --register=no --keep-unit --private-network \
        --machine=edge-node-test --console=read-only </dev/null >"$1.console" 2>&1 &
    nspawn=$!
    leader=
    within 20 "the machine starts" has_leader
    within 60 "the machine is up" booted
}
has_leader() { leader=$(pgrep -P "$nspawn" -x systemd); }
booted() { inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; }

inside() { nsenter -t "$leader" -m -u -i -n -p -C "$@"; }
as() { local user=$1; shift; inside runuser -u "$user" -- "$@"; }

shut_down() {
    local left=100
    if [ -n "${nspawn:-}" ] && kill -0 "$nspawn" 2>/dev/null; then
        [ -z "$leader" ] || inside systemctl poweroff 2>/dev/null || true
        while kill -0 "$nspawn" 2>/dev/null && [ $((left -= 1)) -gt 0 ]; do sleep 0.1; done
        kill -KILL "$nspawn" 2>/dev/null || true
        wait "$nspawn" 2>/dev/null || true
    fi
    rm -rf --one-file-system "$root" "$root.console"
}

# ── what is said of it ───────────────────────────────────────────────────────────────────────

# within SECONDS SENTENCE COMMAND...: the command comes true in time.
within() {
    local until=$((SECONDS + $1)) sentence=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || not_so "$sentence"
        sleep 0.1
    done
    printf 'ok  %s\n' "$sentence"
}

# holds SENTENCE COMMAND...: the command is true now.
holds() {
    local sentence=$1
    shift
    "$@" || not_so "$sentence"
    printf 'ok  %s\n' "$sentence"
}

# not COMMAND...: it fails. (bash's own `!` is no command.)
not() { ! "$@"; }

not_so() {
    printf 'NOT %s\n' "$1"
    [ -z "${leader:-}" ] || inside journalctl --no-pager -n 60 -u 'edge-node@*' -u axis || true
    fail "$1"
}

unit() { inside systemctl show --value --property="$2" "edge-node@$1"; }
is() { [ "$1" = "$2" ]; }
main_pid() { unit "$1" MainPID; }
status_of() { inside sed -n "s/^$2:[[:space:]]*//p" "/proc/$(main_pid "$1")/status"; }
user_of() { inside stat -c %U "/proc/$(main_pid "$1")"; }
# Whether even root could write there, or read it, on the mounts the node sees.
writable() { inside nsenter -t "$(main_pid "$1")" -m touch "$2" 2>/dev/null; }
readable() { inside nsenter -t "$(main_pid "$1")" -m cat "$2" >/dev/null 2>&1; }
logged() { inside journalctl --no-pager -o cat -u "edge-node@$1" "${@:2}"; }
times_logged() { logged "$1" | grep -c "$2" || true; }
restarted() { is "$(unit "$1" NRestarts)" 1 && is "$(unit "$1" ActiveState)" active; }
runs_anew() { is "$(times_logged a '^info running: running')" $((runs + 1)); }
refused_as_error() { logged a -p err | grep -q 'the new configuration is refused'; }

# ── the agencies ─────────────────────────────────────────────────────────────────────────────

# documented HEADING: print the commands below a heading of docs/install.md.
documented() {
    sed -n "/^## $1/,/^## /s/^    //p" "$project/docs/install.md"
}

# agency INSTANCE CODE TOP: set an agency up as documented, in a hurry; its folders below TOP.
agency() {
    documented "An agency" | sed "
        s|https://ADDRESS|http://127.0.0.1:8080|
        s|H37.02.03|$2|
        s|/var/lib/edge-node/xa-mau|$3/$1|
        s|xa-mau|$1|
        s|^END|pull: {every: 1s}\nreport: {every: 1s}\nEND|" >"$root/root/agency.sh"
    inside cat "/var/lib/axis/secrets/$2" | inside bash -e /root/agency.sh >/dev/null
}

# drop_bundle EXCHANGE NUMBER RECEIVER and drop_sidecar: what the document software does.
sheet() {
    printf '{"number": "%s", "notation": "UBND-VP", "date": "2026-11-21", "type": "Công văn",
        "subject": "%s", "to": ["%s"], "attachments": [{"file": "%s.pdf"}]}' "$1" "$SUBJECT" "$2" "$1"
}
drop_bundle() {
    sheet "$2" "$3" | as qlvb sh -ec "
        umask 007; cd $1/outbox; mkdir .$2; cp $LETTER .$2/$2.pdf; cat >.$2/document.json; mv .$2 $2"
}
drop_sidecar() {
    sheet "$2" "$3" | as qlvb sh -ec "umask 007; cd $1/outbox; cp $LETTER $2.pdf; cat >$2.json"
}
arrived_whole() { as qlvb sh -c "cmp -s $1/inbox/*_$2-UBND-VP/$2.pdf $LETTER" 2>/dev/null; }

# authority: found the demo's own on the machine, and write what the nodes are to be told of it.
authority() {
    inside systemd-run --quiet --unit=authority --property=StandardOutput=file:/root/authority.out \
        /opt/edge-node/bin/python -m edge_node.demo.authority /root/authority "H99.01=UBND A"
    within 15 "it says where it is" inside test -s /root/authority.out
    local url fingerprint node="runuser -u edge-node -- /opt/edge-node/bin/edge-node -c /etc/edge-node"
    read -r url fingerprint < <(inside cat /root/authority.out)
    cat >"$root/root/believe.sh" <<END
install -m 644 /root/authority/root.crt /tmp/root.crt
for node in a b; do
    $node/\$node/config.yaml trust add /tmp/root.crt --fingerprint $fingerprint
    echo 'trust: {private: ["127.0.0.0/8"]}' >>/etc/edge-node/\$node/config.yaml
done
END
    cat >"$root/root/sign.sh" <<END
install -o edge-node -g edge-node -m 400 /root/authority/H99.01.p12 /etc/edge-node/a/seal.p12
install -m 600 /root/authority/H99.01.password /etc/edge-node/a/seal-password
mkdir -p /etc/systemd/system/edge-node@a.service.d
printf '[Service]\nLoadCredential=seal-password:/etc/edge-node/a/seal-password\n' \
    >/etc/systemd/system/edge-node@a.service.d/seal.conf
cat >>/etc/edge-node/a/config.yaml <<YAML
stamps: {servers: [{url: "$url/tsa"}]}
signing:
  documents: always
  level: B-LT
  operator: Văn thư
  basis: Quyết định số 1/QĐ-UBND
  keys: [{name: seal, pkcs12: /etc/edge-node/a/seal.p12, password_file: "credential:seal-password"}]
YAML
systemctl daemon-reload
END
}
found_valid() {
    as qlvb sh -c "grep -q '\"verdict\": \"VALID\"' $1/inbox/*_$2-UBND-VP/verification.json" 2>/dev/null
}

SUBJECT='V/v một việc không ai ngoài cuộc được biết'
LETTER=$SOURCE/edge_node/demo/documents/101-BND-VP.pdf
A=/var/lib/edge-node/a/exchange
B=/srv/edge-node/b/exchange

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

holds "systemd finds nothing to remark on the unit" \
    is "$(inside systemd-analyze verify /etc/systemd/system/edge-node@.service 2>&1)" ""
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

holds "an authority can be founded, and gives a its key" authority
holds "both nodes can be told to believe it" inside bash -e /root/believe.sh
holds "a can be told to sign, by a password that is a credential" inside bash -e /root/sign.sh
holds "both start anew" inside systemctl restart edge-node@a edge-node@b
drop_bundle $A 103 H99.02
within 60 "what a signed and had time-stamped is VALID at b" found_valid $B 103
holds "a keeps the signed copy beside the drop" \
    as qlvb sh -c "ls $A/sent/*/*/*/103/signed/103.pdf >/dev/null 2>&1"

begun=$(date +%s%N)
holds "a stops" inside systemctl stop edge-node@a
stopped=$((($(date +%s%N) - begun) / 1000000))
holds "in less than five seconds ($stopped ms)" [ "$stopped" -lt 5000 ]
holds "of its own accord" is "$(unit a Result) $(unit a ExecMainStatus)" "success 0"

holds "the journal's last word is its own" is "$(logged a -t edge-node -n 1)" "info running: stopped"
inside journalctl --no-pager -o export >"$root.journal"
for secret in "$(inside cat /etc/edge-node/a/axis-secret)" "$(inside cat /etc/edge-node/b/axis-secret)" "$SUBJECT"; do
    holds "no secret and no subject is in the journal" not grep -qF "$secret" "$root.journal"
done
rm -f "$root.journal"
printf 'ready in %s ms (two nodes), stopped in %s ms, %s MB resident\n' "$ready" "$stopped" $((${memory% kB} / 1024))
