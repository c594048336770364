#!/usr/bin/env bash
# install.sh: install edge-node, or a newer version of it, from this folder. Needs root, systemd,
# python3 of a release there are wheels for, and no network. Configuration and data stay as they are.
#
# Cài đặt hoặc nâng cấp edge-node từ thư mục này; không cần mạng, không đụng đến cấu hình và dữ liệu.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
previous=/opt/edge-node.previous
umask 022  # the node's user is to read what root lays down, whatever root's own files are for

say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "run it as root / hãy chạy bằng quyền root"
[ -d /run/systemd/system ] || fail "this machine does not run systemd / máy này không chạy systemd"
command -v python3 >/dev/null || fail "install python3 first / hãy cài python3 trước"
release=$(python3 -c 'import sys; print("%d%d" % sys.version_info[:2])')
compgen -G "$here/wheels/cffi-*-cp$release-*" >/dev/null ||
    fail "no wheels for this python3 ($release) / không có gói cho phiên bản python3 này ($release)"
(cd "$here" && sha256sum --quiet --strict --check SHA256SUMS) ||
    fail "files are damaged; unpack the bundle again / tệp bị hỏng, hãy giải nén lại"
if dpkg-query -W -f '${Status}' edge-node 2>/dev/null | grep -q 'ok installed'; then
    fail "edge-node is installed as a Debian package: upgrade that / edge-node đã được cài bằng gói deb"
fi

stage=$(mktemp -d /opt/.edge-node.XXXXXX)
not_finished() { say "install.sh: not finished, run it again / chưa cài xong, hãy chạy lại" >&2; }
trap 'rm -rf "$stage"; [ -n "${finished:-}" ] || not_finished' EXIT
"$here/packaging/program.sh" "$here/wheels" "$stage"
"$here/packaging/beside.sh" "$stage"

# What somebody changed since it was laid down stays; the new form is laid beside it.
mkdir "$stage/opt/edge-node/shipped"
for path in /etc/sudoers.d/edge-node /etc/edge-node/config.example.yaml; do
    shipped=/opt/edge-node/shipped/${path##*/}
    cp -p "$stage$path" "$stage$shipped"
    if [ -e "$path" ] && ! cmp -s "$path" "$stage$path" && ! cmp -s "$path" "$shipped"; then
        rm "$stage$path"
        say "kept $path; the new form / giữ nguyên, bản mới ở: $shipped"
    fi
done
(cd "$stage" && find . -mindepth 1 ! -type d ! -path './opt/*' ! -path './etc/*' | cut -c2-) \
    >"$stage/opt/edge-node/installed-files"
# Files alone: no folder of the machine changes its mode or its owner.
[ -d /etc/edge-node ] || mkdir -m 750 /etc/edge-node
(cd "$stage" && find . -path ./opt -prune -o ! -type d -print0 |
    tar --null --no-recursion -T - --owner=0 --group=0 -c) | tar -x -p -C /
rm -rf "$previous"
[ ! -e /opt/edge-node ] || mv /opt/edge-node "$previous"
mv "$stage/opt/edge-node" /opt/edge-node

systemd-sysusers edge-node.conf
systemd-tmpfiles --create edge-node.conf
systemctl daemon-reload
systemctl enable --quiet edge-node.target
systemctl restart edge-node.target
runuser -u edge-node -- /opt/edge-node/bin/edge-node --version
finished=yes
say "next / tiếp theo: edge-node setup"
