# What an IT officer has before edge-node is there: packages, a machine without network, and outside
# of it the axis; sourced by installed.sh, not run.
# shellcheck shell=bash

# A server as Debian's installer leaves it, and nothing that builds or fetches.
SERVER_PACKAGES="systemd systemd-sysv dbus sudo man-db curl"
AXIS_PORT=8080

# ── packages ─────────────────────────────────────────────────────────────────────────────────

# made FILE VERB...: give the verb unless the file is newer than all it is made of.
made() {
    local file=$1 newer
    shift
    newer=$(cd "$project" && git ls-files -z --cached --others --exclude-standard -- \
        edge_node packaging systemd docs monitoring pyproject.toml config.example.yaml '*.md' |
        xargs -0 sh -c 'find "$@" -maxdepth 0 -newer "$0" 2>/dev/null || true' "$file")
    if [ ! -f "$file" ] || [ -n "$newer" ]; then
        "$@" >&2 || fail "$*"
    fi
}

package_of() {
    local suffix
    case $1 in bookworm) suffix=deb12 ;; trixie) suffix=deb13 ;; esac
    echo "edge-node_$(version)~${suffix}_$(dpkg --print-architecture).deb"
}
bundle_name() { echo "edge-node-$(version)-linux-$(uname -m)"; }
version() { sed -n 's/^__version__ = "\(.*\)"/\1/p' "$project/edge_node/__init__.py"; }

# a_newer DEB FOLDER: the same program under the next version, as the next release would come;
# print where it lies.
a_newer() {
    local tree=$2/newer own next
    next=$(version | awk -F. '{print $1 "." $2 "." $3 + 1}')
    dpkg-deb -R "$1" "$tree"
    own=$(echo "$tree"/opt/edge-node/lib/python3*/site-packages/edge_node)
    sed -i "s/^Version: [^~]*/Version: $next/" "$tree/DEBIAN/control"
    sed -i "s/^__version__ = .*/__version__ = \"$next\"/" "$own/__init__.py"
    rm "$own"/__pycache__/__init__.*.pyc
    dpkg-deb -Zgzip -b "$tree" "$2/edge-node_${next}_$(dpkg --print-architecture).deb" >/dev/null
    rm -rf "$tree"
    echo "$2/edge-node_${next}_$(dpkg --print-architecture).deb"
}

# ── the machine ──────────────────────────────────────────────────────────────────────────────

# The root of a server.
server_root() {
    prepared_root "$SUITE" server "
        apt-get -qq update
        apt-get -qq -y install --no-install-recommends $SERVER_PACKAGES
        apt-get -qq -y purge python3-venv make git
        apt-get -qq -y autoremove --purge
        apt-get clean"
}

# a_server: a copy of it, with the user of the document software, a disk of its own for agency b,
# and the packages in /root; booted, on the network the axis is in.
a_server() {
    root=$(a_copy_of "$(server_root)")
    machines+=("$root")
    printf '127.0.0.1 localhost vm\n' >"$root/etc/hosts"
    echo vm >"$root/etc/hostname"
    rm -f "$root/etc/resolv.conf"
    inside_root "$root" useradd --create-home qlvb </dev/null
    install -m 644 "$here/software.py" "$root/usr/local/lib/software.py"
    cp "$@" "$root/root/"
    turn_on
}
turn_on() {
    mkdir -p "$root/srv/edge-node/b"
    boot "$root" --network-namespace-path="$network" --bind="$disk:/srv/edge-node/b"
}

# small_disk: a file system of 1 GB in a file, for b.
small_disk() {
    disk=$work/disk
    mkdir "$disk"
    truncate -s 1G "$disk.img"
    mkfs.ext4 -q -m 0 "$disk.img"
    mount -o loop "$disk.img" "$disk"
}

# ── the axis ─────────────────────────────────────────────────────────────────────────────────

# A network of its own: nothing but a loopback device, which the machine and the axis share.
make_network() {
    network=/run/netns/edge-node-$$
    ip netns add "edge-node-$$"
    ip -n "edge-node-$$" link set lo up
}

axis_up() {
    nsenter --net="$network" "$project/.venv/bin/edge-node" sandbox "$work/axis" --port $AXIS_PORT \
        >>"$work/axis.log" 2>&1 &
    axis=$!
    within 30 "the axis listens" grep -qs . "$work/axis/secrets/H99.02"
}
axis_down() {
    [ -n "${axis:-}" ] || return 0
    kill "$axis"
    wait "$axis" || true
    axis=
}

make_place() {
    work=$(mktemp -d "$ROOTS/place.XXXXXX")
    machines=()
    trap clear_away EXIT
    make_network
    small_disk
    axis_up
}

clear_away() {
    trap - EXIT
    power_off
    axis_down
    ip netns delete "edge-node-$$"
    umount "$disk"
    rm -rf --one-file-system "$work"
    for root in "${machines[@]}"; do rm -rf --one-file-system "$root" "$root.console"; done
}
