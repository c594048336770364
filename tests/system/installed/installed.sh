#!/usr/bin/env bash
# The packages on booted machines without network: installed, set up, and then everything that
# happens to a server. Documents go back and forth all the while, and are counted at the end.
#
#     installed.sh [STORY...]      deb (Debian 12), newer (Debian 13), bundle; all unless told otherwise
#
# Needs root. What it takes from the environment: debian_root.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../../.." && pwd)
for part in ../debian_root ../systemd/machine place counting setting_up hardship moving figures; do
    # shellcheck source=/dev/null
    . "$here/$part.sh"
done

# ── the stories ──────────────────────────────────────────────────────────────────────────────

deb_story() {
    SUITE=bookworm
    local package=edge-node_0.1.0~deb12_amd64.deb begun
    made "$project/dist/$package" "$project/packaging/deb.sh" bookworm
    make_place
    a_newer "$project/dist/$package" 0.1.1~deb12 "$work"
    a_server "$project/dist/$package" "$work"/edge-node_0.1.1~deb12_amd64.deb

    begun=$(date +%s%N)
    holds "the package installs without network" inside apt-get -qq -y install "/root/$package"
    set_up_both
    software a 1
    within 30 "the first document of a is at b" more_taken_now b 1
    software b 1
    within 30 "and the first of b at a" more_taken_now a 1
    begun=$((($(date +%s%N) - begun) / 1000000))
    holds "from the package to the first documents: $begun ms" [ "$begun" -lt 60000 ]

    hardship
    upgraded_with_a_backlog /root/edge-node_0.1.1~deb12_amd64.deb
    taken_away_and_back "/root/edge-node_0.1.1~deb12_amd64.deb"
    moved_to_another_machine "$work"/edge-node_0.1.1~deb12_amd64.deb
    clear_away
}

newer_story() {
    SUITE=trixie
    local package=edge-node_0.1.0~deb13_amd64.deb
    made "$project/dist/$package" "$project/packaging/deb.sh" trixie
    make_place
    a_server "$project/dist/$package"
    holds "Debian 13: the package installs without network" inside apt-get -qq -y install "/root/$package"
    set_up_both
    software a 20
    software b 20
    nothing_lost "Debian 13"
    holds "Debian 13: it is removed" inside apt-get -qq -y purge edge-node
    clear_away
}

bundle_story() {
    SUITE=bookworm
    local name
    name=edge-node-0.1.0-linux-$(uname -m)
    made "$project/dist/$name.tar.gz" "$project/packaging/bundle.sh"
    make_place
    a_server "$project/dist/$name.tar.gz"
    inside tar -C /root -xf "/root/$name.tar.gz"
    holds "the bundle installs without network" inside "/root/$name/install.sh"
    set_up_both
    software a start
    software b start
    within 30 "bundle: documents cross" more_taken b 5
    holds "the bundle installs over itself, with documents on their way" inside "/root/$name/install.sh"
    holds "bundle: both nodes are active" inside systemctl is-active --quiet edge-node@a edge-node@b
    software a stop
    software b stop
    nothing_lost "bundle"
    holds "the bundle is uninstalled" inside "/root/$name/uninstall.sh"
    holds "and leaves the data" inside test -f /var/lib/edge-node/a/data/queue.db
    holds "and the configuration" inside test -f /etc/edge-node/a/config.yaml
    holds "and nothing of the program" not inside sh -c 'ls -d /opt/edge-node* /usr/bin/edge-node'
    holds "it installs again" inside "/root/$name/install.sh"
    inside systemctl start edge-node@a edge-node@b
    software a 5
    nothing_lost "bundle, once more"
    clear_away
}

need_tools
[ -x "$project/.venv/bin/edge-node" ] || fail "make setup first"
[ $# -gt 0 ] || set -- deb newer bundle
for story; do
    say "$story"
    begun=$SECONDS
    "${story}_story"
    say "$story took $((SECONDS - begun)) s"
done
