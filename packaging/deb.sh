#!/usr/bin/env bash
# deb.sh [SUITE...]: dist/edge-node_VERSION_ARCH.deb for each suite of Debian (bookworm and trixie
# unless told otherwise), each built in a root of its own without network, and what lintian says.
#
# For Ubuntu 24.04, which nobody has tried yet (its lintian lies in universe, and debootstrap wants
# the package ubuntu-keyring):
#
#     EDGE_NODE_TEST_MIRROR=http://archive.ubuntu.com/ubuntu EDGE_NODE_TEST_COMPONENTS=main,universe \
#         packaging/deb.sh noble
#
# Needs root, and at first the network; what it takes from the environment:
# tests/system/debian_root.sh. One commit gives the same bytes wherever and whenever it is built.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
# shellcheck source=../tests/system/debian_root.sh
. "$project/tests/system/debian_root.sh"

BUILD_PACKAGES="build-essential debhelper lintian python3-venv"
SOURCE=/build/edge-node

# What tells the packages of two suites apart where both lie in one place.
declare -A RELEASE=([bookworm]=deb12 [trixie]=deb13 [noble]=ubuntu24.04)

builder() {
    prepared_root "$1" build "
        apt-get -qq update
        apt-get -qq -y install --no-install-recommends $BUILD_PACKAGES"
}

# The newest chapter of the changelog is the operator's; Debian wants its form and the version.
changelog() {
    local version=$1
    printf 'edge-node (%s) stable; urgency=medium\n\n  * See CHANGELOG.md.\n\n' "$version"
    printf ' -- The edge-node authors <edge-node@packages.invalid>  %s\n' "$(date -R -u -d "@$SOURCE_DATE_EPOCH")"
}

build() {
    local suite=$1 root release version
    root=$(a_copy_of "$(builder "$suite")")
    # shellcheck disable=SC2064 # this copy, whatever the variable holds then
    trap "rm -rf --one-file-system '$root'" EXIT
    release=$(inside_root "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' </dev/null)
    version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$project/edge_node/__init__.py")~${RELEASE[$suite]}
    say "$suite: wheels for Python $release"
    "$here/wheels.sh" "$release" "$project/.wheels/$release"

    say "$suite: building $version"
    working_tree "$project" "$root$SOURCE"
    cp -a "$root$SOURCE/packaging/debian" "$root$SOURCE/debian"
    cp -a "$project/.wheels/$release" "$root/build/wheels"
    cp "$inventory" "$root/build/sbom.json"
    changelog "$version" >"$root$SOURCE/debian/changelog"
    inside_root "$root" --private-network --chdir="$SOURCE" --setenv=WHEELS=/build/wheels --setenv=SBOM=/build/sbom.json \
        --setenv=SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" \
        dpkg-buildpackage --build=binary --no-sign </dev/null >"$ROOTS/$suite-deb.log" 2>&1 ||
        { tail -30 "$ROOTS/$suite-deb.log" >&2; fail "see $ROOTS/$suite-deb.log"; }
    mkdir -p "$project/dist"
    cp "$root"/build/edge-node_*.deb "$project/dist/"
    say "$suite: lintian"
    inside_root "$root" --private-network --chdir=/build sh -c \
        'lintian --allow-root --fail-on error --tag-display-limit 0 edge-node_*.deb' \
        </dev/null 2>"$ROOTS/$suite-lintian.err" | tee "$ROOTS/$suite-lintian.log" ||
        fail "lintian found errors; see $ROOTS/$suite-lintian.log"
    rm -rf --one-file-system "$root"
    trap - EXIT
}

need_tools
SOURCE_DATE_EPOCH=$("$here/epoch.sh")
[ $# -gt 0 ] || set -- bookworm trixie
# What is inside is the same in every suite, but for what each release of Python has compiled.
inventory=$project/.wheels/sbom.json
ours=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$here/wheels.sh" "$ours" "$project/.wheels/$ours"
"$here/sbom.sh" "$project/.wheels/$ours" >"$inventory"
for suite; do build "$suite"; done
"$here/sums.sh"
