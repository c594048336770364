# A Debian root that boots under systemd-nspawn with edge-node in it, and how something is said of
# it; sourced by boot.sh, not run.
# shellcheck shell=bash

BOOT_PACKAGES="systemd systemd-sysv dbus sudo curl openssl rsyslog rsyslog-gnutls
    tesseract-ocr tesseract-ocr-vie"
SOURCE=/usr/src/edge-node

# ── the machine ──────────────────────────────────────────────────────────────────────────────

# The root that boots, with an empty environment for edge-node in it.
bootable_root() {
    prepared_root "$SUITE" boot "
        apt-get -qq update
        apt-get -qq -y install --no-install-recommends ${BOOT_PACKAGES//$'\n'/ }
        apt-get clean
        python3 -m venv /opt/edge-node"
}

# Install this working tree, from wheels that the host has fetched: the machine needs no network.
install_program() {
    local release wheels
    release=$(inside_root "$1" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' </dev/null)
    wheels=$project/.wheels/$release
    "$project/packaging/wheels.sh" "$release" "$wheels"
    rm -rf "$1$SOURCE" "$1/usr/src/wheels"
    working_tree "$project" "$1$SOURCE"
    cp -r "$wheels" "$1/usr/src/wheels"
    inside_root "$1" /opt/edge-node/bin/pip --quiet --disable-pip-version-check install \
        --no-index --find-links /usr/src/wheels --force-reinstall 'edge-node[sandbox,web]' </dev/null
}

# Put the units in place, and the user of the document software on the machine.
install_service() {
    install -m 644 "$project"/systemd/*.{service,target} "$here/axis.service" "$1/etc/systemd/system"
    printf '127.0.0.1 localhost vm\n' >"$1/etc/hosts"
    echo vm >"$1/etc/hostname"
    inside_root "$1" useradd qlvb </dev/null
}

# boot ROOT [OPTION...]: start the machine, with nothing but a loopback device unless an option of
# systemd-nspawn says otherwise.
boot() {
    local root=$1
    shift
    [ $# -gt 0 ] || set -- --private-network
    systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit "$@" \
        --machine=edge-node-test --console=read-only </dev/null >>"$root.console" 2>&1 &
    nspawn=$!
    leader=
    within 20 "the machine starts" has_leader
    within 60 "the machine is up" booted
}
has_leader() { leader=$(pgrep -P "$nspawn" -x systemd); }
booted() { inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; }

inside() { nsenter -t "$leader" -m -u -i -n -p -C "$@"; }
as() { local user=$1; shift; inside runuser -u "$user" -- "$@"; }

power_off() {
    local left=100
    if [ -n "${nspawn:-}" ] && kill -0 "$nspawn" 2>/dev/null; then
        [ -z "$leader" ] || inside systemctl poweroff 2>/dev/null || true
        while kill -0 "$nspawn" 2>/dev/null && [ $((left -= 1)) -gt 0 ]; do sleep 0.1; done
        kill -KILL "$nspawn" 2>/dev/null || true
        wait "$nspawn" 2>/dev/null || true
    fi
    nspawn='' leader=''
}

shut_down() {
    power_off
    rm -rf --one-file-system "$root" "$root.console" "$root.journal"
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
    [ -z "${leader:-}" ] || inside journalctl --no-pager -n 60 -u 'edge-node*' -u axis || true
    fail "$1"
}

