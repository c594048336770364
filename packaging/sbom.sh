#!/usr/bin/env bash
# sbom.sh WHEELS: print what the program is made of: each library with its licence and what it is
# there for (CycloneDX, ECMA-424, as JSON). Lays the program out somewhere to ask it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
"$here/program.sh" "$1" "$stage"
"$project/.venv/bin/cyclonedx-py" environment --pyproject "$project/pyproject.toml" \
    --mc-type application --output-reproducible --of JSON \
    "$stage/opt/edge-node/bin/python3" 2>/dev/null
