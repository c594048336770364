# Debian roots for the tests that want a machine of their own; sourced, not run.
#
# A root is made once a suite by debootstrap and kept outside the repository; every run works in a
# copy that goes away with it. What a closed network needs comes from the environment, and by
# default nothing does:
#   EDGE_NODE_TEST_ROOTS     where the roots are kept
#   EDGE_NODE_TEST_MIRROR    where Debian's packages come from
#   EDGE_NODE_TEST_COMPONENTS  of them: main
#   EDGE_NODE_TEST_PIP_CONF  a pip.conf to lay over the root's own
#   EDGE_NODE_TEST_CA        certificates to lay over the root's own; SSL_CERT_FILE where that is set
#   EDGE_NODE_TEST_BINDS     folders to show inside, read-only, by a space apart
# shellcheck shell=bash

ROOTS=${EDGE_NODE_TEST_ROOTS:-${TMPDIR:-/tmp}/edge-node-roots}
MIRROR=${EDGE_NODE_TEST_MIRROR:-http://deb.debian.org/debian}
CERTIFICATES=${EDGE_NODE_TEST_CA:-${SSL_CERT_FILE:-}}
# What a machine has that has just been set up for a Python program.
BARE_PACKAGES=ca-certificates,python3,python3-venv,make,git

say() { printf '\n── %s\n' "$*" >&2; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# Install what the host itself lacks.
need_tools() {
    [ "$(id -u)" = 0 ] || fail "only root can make and boot a Debian root"
    local missing=()
    command -v debootstrap >/dev/null || missing+=(debootstrap)
    command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    { apt-get -qq update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${missing[@]}"; } \
        >/dev/null || fail "cannot install ${missing[*]}"
}

# bare_root SUITE: make the root of a suite where there is none, and print where it lies.
bare_root() {
    local root=$ROOTS/$1
    if [ ! -d "$root" ]; then
        say "making a Debian $1 root in $root"
        mkdir -p "$ROOTS"
        rm -rf --one-file-system "$root.part"
        debootstrap --variant=minbase --include="$BARE_PACKAGES" \
            --components="${EDGE_NODE_TEST_COMPONENTS:-main}" "$1" "$root.part" "$MIRROR" \
            >"$root.log" 2>&1 || fail "debootstrap; see $root.log"
        mv "$root.part" "$root"
    fi
    echo "$root"
}

# prepared_root SUITE NAME SCRIPT: the same with what a script does to it as root, in bash, made where
# there is none or where the script was another; print where it lies.
prepared_root() {
    local bare root=$ROOTS/$1-$2 script=$3
    bare=$(bare_root "$1")
    if [ "$(cat "$root/etc/made-by" 2>/dev/null)" != "$script" ]; then
        say "making $root"
        rm -rf --one-file-system "$root.part" "$root"
        cp -a --reflink=auto "$bare" "$root.part"
        inside_root "$root.part" bash -ec "$script" >"$root.log" 2>&1 </dev/null || fail "see $root.log"
        printf '%s\n' "$script" >"$root.part/etc/made-by"
        mv "$root.part" "$root"
    fi
    echo "$root"
}

# a_copy_of ROOT: print where a copy of the root lies, to be thrown away by whoever asked.
a_copy_of() {
    local copy
    copy=$(mktemp -d "$ROOTS/run.XXXXXX")
    cp -a --reflink=auto "$1/." "$copy"
    echo "$copy"
}

# inside_root ROOT COMMAND...: run a command in a root that is not booted, with the host's network.
# Its /tmp is a tenth of the memory, too little for the tests of large documents.
inside_root() {
    local root=$1 shown=() bind
    shift
    [ -z "${EDGE_NODE_TEST_PIP_CONF:-}" ] || shown+=("--bind-ro=$EDGE_NODE_TEST_PIP_CONF:/etc/pip.conf")
    [ -z "$CERTIFICATES" ] || shown+=("--bind-ro=$CERTIFICATES:/etc/ssl/certs/ca-certificates.crt")
    for bind in ${EDGE_NODE_TEST_BINDS:-}; do shown+=("--bind-ro=$bind"); done
    systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --as-pid2 --pipe \
        --resolv-conf=copy-host --timezone=off "${shown[@]}" \
        --setenv=HOME=/root --setenv=TMPDIR=/var/tmp --setenv=DEBIAN_FRONTEND=noninteractive "$@"
}

# working_tree PROJECT FOLDER: copy what the project is made of now, committed or not.
working_tree() {
    mkdir -p "$2"
    git -C "$1" ls-files -z --cached --others --exclude-standard |
        (cd "$1" && xargs -0 sh -c 'for path; do [ ! -e "$path" ] || printf "%s\0" "$path"; done' -) |
        tar -C "$1" --null -T - -c | tar -x -C "$2"
}
