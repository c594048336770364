#!/usr/bin/env bash
# The packages on booted machines without network: installed, set up, and then everything that
# happens to a server. Documents go back and forth all the while, and are counted at the end.
#
#     installed.sh [STORY...]
#
# Stories: deb (Debian 12, all its life), moved (to another machine), walk (the pages, in Vietnamese),
# newer (Debian 13), bundle; these five unless told otherwise. And figures: what docs/install.md says of size and memory, measured.
#
# Needs root. What it takes from the environment: debian_root.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../../.." && pwd)
for part in ../debian_root ../systemd/machine ../systemd/nodes place counting setting_up hardship moving walking figures; do
    # shellcheck source=/dev/null
    . "$here/$part.sh"
done

# ── the stories ──────────────────────────────────────────────────────────────────────────────

deb_story() {
    SUITE=bookworm
    local package next begun
    package=$(package_of bookworm)
    made "$project/dist/$package" "$project/packaging/deb.sh" bookworm
    make_place
    next=$(a_newer "$project/dist/$package" "$work")
    a_server "$project/dist/$package" "$next"

    begun=$(date +%s%N)
    holds "the package installs without network" inside apt-get -qq -y install "/root/$package"
    set_up_both
    in_a_hurry
    software a 1
    within 30 "the first document of a is at b" more_taken_now b 1
    software b 1
    within 30 "and the first of b at a" more_taken_now a 1
    begun=$((($(date +%s%N) - begun) / 1000000))
    holds "from the package to the first documents: $begun ms" [ "$begun" -lt 60000 ]

    hardship
    upgraded_with_a_backlog "/root/${next##*/}"
    taken_away_and_back "/root/${next##*/}"
    clear_away
}

moved_story() {
    SUITE=bookworm
    local package
    package=$(package_of bookworm)
    made "$project/dist/$package" "$project/packaging/deb.sh" bookworm
    make_place
    a_server "$project/dist/$package"
    inside apt-get -qq -y install "/root/$package" >/dev/null 2>&1
    set_up_both >/dev/null
    in_a_hurry
    moved_to_another_machine "$project/dist/$package"
    clear_away
}

newer_story() {
    SUITE=trixie
    local package
    package=$(package_of trixie)
    made "$project/dist/$package" "$project/packaging/deb.sh" trixie
    make_place
    a_server "$project/dist/$package"
    holds "Debian 13: the package installs without network" inside apt-get -qq -y install "/root/$package"
    set_up_both
    in_a_hurry
    software a 20
    software b 20
    nothing_lost "Debian 13"
    holds "Debian 13: it is removed" inside apt-get -qq -y purge edge-node
    clear_away
}

bundle_story() {
    SUITE=bookworm
    local name
    name=$(bundle_name)
    made "$project/dist/$name.tar.gz" "$project/packaging/bundle.sh"
    make_place
    a_server "$project/dist/$name.tar.gz"
    inside tar -C /root -xf "/root/$name.tar.gz"
    holds "the bundle installs without network" inside "/root/$name/install.sh"
    set_up_both
    in_a_hurry
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
[ $# -gt 0 ] || set -- deb moved walk newer bundle
for story; do
    say "$story"
    begun=$SECONDS
    "${story}_story"
    say "$story took $((SECONDS - begun)) s"
done
