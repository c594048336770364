#!/usr/bin/env bash
# program.sh WHEELS DESTINATION: lay out /opt/edge-node below DESTINATION, from wheels alone.
#
# The same wheels give the same bytes: no time, no path of the machine that built, compiled once
# for all because the service may not write there. Of Debian it needs python3 and nothing else.
set -euo pipefail
wheels=$(realpath "$1")
destination=$2
here=$(cd "$(dirname "$0")" && pwd)
tree=$destination/opt/edge-node
export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 PIP_CONFIG_FILE=/dev/null

install_wheels() {
    # A wheel is an archive Python runs from; pip itself is not part of what is installed.
    python3 "$(echo "$wheels"/pip-*.whl)/pip" --python "$tree/bin/python3" --quiet \
        --disable-pip-version-check install --no-index --no-deps --no-compile \
        --no-warn-script-location --root-user-action ignore --find-links "$wheels" "$@"
}

mkdir -p "${tree%/*}"
python3 -m venv --without-pip --symlinks "$tree"
install_wheels --require-hashes --requirement "$here/lock.txt"
install_wheels edge-node

# What nobody calls, and what names the place it was made in.
find "$tree/bin" -mindepth 1 ! -name 'python*' ! -name edge-node -delete
rm -rf "$tree/include" "$tree/share" "$tree/.gitignore"
sed -i '1s|.*|#!/opt/edge-node/bin/python3|' "$tree/bin/edge-node"
sed -i '/^command = /d' "$tree/pyvenv.cfg"
"$tree/bin/python3" -m compileall -q -j 1 --invalidation-mode unchecked-hash \
    -s "$destination" "$tree/lib"
