#!/usr/bin/env bash
# sums.sh: write dist/SHA256SUMS anew, over all that lies there, and print it. `sha256sum --check
# SHA256SUMS` tells whoever carried the files to a server without internet whether they are whole.
set -euo pipefail
cd "$(dirname "$0")/../dist"
find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%f\0' | sort -z | xargs -0 sha256sum | tee SHA256SUMS
