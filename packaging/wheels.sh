#!/usr/bin/env bash
# wheels.sh PYTHON FOLDER [MACHINE]: fill a folder with the wheels the program needs under a release
# of Python (3.11), checked against packaging/lock.txt, and with its own. Needs the network, but not
# again as long as the lock is the same.
set -euo pipefail
release=$1
folder=$2
machine=${3:-$(uname -m)}
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
made_from=$(cat "$here/lock.txt" "$here/pip.txt" | sha256sum)

pip() { "$project/.venv/bin/pip" --quiet --disable-pip-version-check "$@"; }

if [ "$(cat "$folder/made-from" 2>/dev/null)" != "$made_from" ]; then
    # Debian 12 has the C library 2.36: whatever was built for an older one runs there.
    platforms=(--platform any --platform "manylinux2014_$machine")
    for minor in 5 12 17 24 26 27 28 31 34; do
        platforms+=(--platform "manylinux_2_${minor}_$machine")
    done
    rm -rf "$folder"
    mkdir -p "$folder"
    pip download --dest "$folder" --require-hashes --no-deps --only-binary :all: \
        --python-version "$release" --implementation cp "${platforms[@]}" \
        --requirement "$here/lock.txt" --requirement "$here/pip.txt"
    echo "$made_from" >"$folder/made-from"
fi
rm -f "$folder"/edge_node-*.whl
SOURCE_DATE_EPOCH=$("$here/epoch.sh") PIP_CONSTRAINT=$project/constraints.txt \
    pip wheel --no-deps --wheel-dir "$folder" "$project"
