#!/usr/bin/env bash
# A fresh clone on a fresh machine: `make demo`, then `make test`, as root in a Debian root that has
# python3, python3-venv, make and git, and nothing of ours.
#
#     fresh_root.sh [SUITE [VERB...]]      bookworm, demo and test unless told otherwise
#
# What it takes from the environment: debian_root.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
# shellcheck source=debian_root.sh
. "$here/debian_root.sh"

suite=${1:-bookworm}
shift || true
[ $# -gt 0 ] || set -- demo test

need_tools
bare=$(bare_root "$suite")
root=$(a_copy_of "$bare")
trap 'rm -rf --one-file-system "$root"' EXIT

mkdir "$root/srv/edge-node"
git -C "$project" archive HEAD | tar -x -C "$root/srv/edge-node"

for verb in "$@"; do
    say "$suite: make $verb"
    begun=$SECONDS
    inside_root "$root" --chdir=/srv/edge-node ${CI:+--setenv=CI="$CI"} make "$verb" </dev/null ||
        fail "$suite: make $verb"
    say "$suite: make $verb took $((SECONDS - begun)) s"
done
