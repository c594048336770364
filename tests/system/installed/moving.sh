# The machine is lost, and another one takes over from the archive of an hour ago; sourced by
# installed.sh, not run.
# shellcheck shell=bash

# node AGENCY COMMAND...: a command given as the node's own user.
node() {
    local agency=$1
    shift
    as edge-node edge-node -c "/etc/edge-node/$agency/config.yaml" "$@"
}

# moved_to_another_machine DEB: a was archived while documents crossed; then more crossed, and the
# machine loses its power. Of a there are the archive and, on another disk, the exchange folder;
# of b there is its own disk as it was.
moved_to_another_machine() {
    local lost=$root archive
    inside sh -c 'cd /root && edge-node backup --new-key key.txt && chmod 600 key.txt' >/dev/null
    inside sh -c "printf 'backup: {archives: {folder: /var/lib/edge-node/a/archives, recipients: [%s]}}\n' \
        \$(sed -n 's/.*public key: //p' /root/key.txt) >>/etc/edge-node/a/config.yaml"
    inside systemctl reload edge-node@a
    software a start
    software b start
    within 40 "documents cross" several_more b "$(taken b)"
    holds "a is archived while they do" node a backup
    within 40 "and more cross" several_more b "$(taken b)"
    within 40 "both ways" several_more a "$(taken a)"
    holds "the power is cut" kill -KILL "$nspawn" "$leader"
    wait "$nspawn" 2>/dev/null || true
    nspawn='' leader=''

    a_server "$1"
    holds "the package installs on another machine" inside apt-get -qq -y install "/root/${1##*/}"
    archive=$(cd "$lost/var/lib/edge-node/a/archives" && ls ./*.tar.age)
    cp "$lost/var/lib/edge-node/a/archives/$archive" "$lost/root/key.txt" "$root/root/"
    inside install -d -m 750 -g edge-node /etc/edge-node /etc/edge-node/a
    inside install -d -m 751 -o edge-node -g edge-node /var/lib/edge-node/a
    cp -a "$lost/var/lib/edge-node/a/exchange" "$root/var/lib/edge-node/a/"
    cp -a "$lost/etc/edge-node/b" "$root/etc/edge-node/"
    cp -a "$lost/etc/edge-node/a/axis-secret" "$root/etc/edge-node/a/"
    cp -a "$lost/home/qlvb/." "$root/home/qlvb/"
    inside usermod --append --groups edge-node qlvb
    holds "the archive is sound" inside edge-node restore --check --key /root/key.txt "/root/$archive"
    holds "and is put back" inside edge-node -c /etc/edge-node/a/config.yaml restore --key /root/key.txt "/root/$archive"
    software a again  # what a had taken from outbox and not put anywhere yet
    inside systemctl enable --quiet --now edge-node@a edge-node@b
    within 60 "a knows that it is an older state, and sends nothing" says_adopt
    within 60 "until somebody says so" node a adopt
    software a 5
    within 180 "what the software lacks is given to it" lacks_nothing
    nothing_lost "moved to another machine"
}
says_adopt() { node a status | grep -q adopt; }

# What came in since the archive was made is set aside as it is found, since the software may have
# it: whoever knows what it has releases the rest.
lacks_nothing() {
    local number id
    software a 0
    while read -r id number; do
        [ -n "$number" ] || continue  # it was set aside this moment, and is named in the next
        as qlvb grep -q "^$number " /home/qlvb/a/log || node a release "$id" --why "not there" >/dev/null
    done < <(node a list --in --state quarantined --json | inside python3 -c "
import json, sys
for row in map(json.loads, sys.stdin):
    print(row['id'], row['code'].split('/')[0])")
    all_through
}
