#!/usr/bin/env bash
# bundle.sh: dist/edge-node-VERSION-linux-MACHINE.tar.gz, which installs without network wherever
# there are systemd and Python 3.11, 3.12 or 3.13. Needs the network itself, and no root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
SOURCE_DATE_EPOCH=$("$here/epoch.sh")
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$project/edge_node/__init__.py")
name=edge-node-$version-linux-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/$name

mkdir -p "$bundle/packaging"
for release in 3.11 3.12 3.13; do "$here/wheels.sh" "$release" "$project/.wheels/$release"; done
mkdir "$bundle/wheels"
for release in 3.11 3.12 3.13; do cp "$project/.wheels/$release"/*.whl "$bundle/wheels/"; done
for part in README.md README.vi.md CHANGELOG.md LICENSE config.example.yaml docs monitoring systemd; do
    cp -R "$project/$part" "$bundle/"
done
cp "$here"/{program.sh,beside.sh,man_pages.py,lock.txt} "$bundle/packaging/"
cp -R "$here/share" "$bundle/packaging/"
cp "$here"/{install.sh,uninstall.sh} "$bundle/"
"$here/sbom.sh" "$bundle/wheels" >"$bundle/sbom.json"
(cd "$bundle" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)

mkdir -p "$project/dist"
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --mode=u+rw,go+r,go-w -c "$name" | gzip -9n >"$project/dist/$name.tar.gz"
"$here/sums.sh"
