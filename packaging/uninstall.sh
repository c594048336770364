#!/usr/bin/env bash
# uninstall.sh: remove the program. Configuration (/etc/edge-node), data (/var/lib/edge-node) and the
# accounts stay: install.sh finds them again.
#
# Gỡ chương trình; cấu hình, dữ liệu và tài khoản được giữ lại.
set -euo pipefail
list=/opt/edge-node/installed-files

fail() { printf 'uninstall.sh: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "run it as root / hãy chạy bằng quyền root"
[ -s "$list" ] || fail "nothing here was installed by install.sh / không có gì do install.sh cài đặt"
if dpkg-query -W -f '${Status}' edge-node 2>/dev/null | grep -q 'ok installed'; then
    fail "edge-node is installed as a Debian package: remove that / edge-node được cài bằng gói deb: hãy gỡ gói đó"
fi

systemctl stop edge-node.target 'edge-node@*' 'edge-node-web@*' || true
systemctl disable --quiet edge-node.target
xargs -d '\n' rm -f <"$list"
rm -rf /opt/edge-node /opt/edge-node.previous
systemctl daemon-reload
printf 'kept / giữ lại: /etc/edge-node /var/lib/edge-node\n'
