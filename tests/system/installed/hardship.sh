# What happens to a server in its life, with documents on their way; sourced by installed.sh, not run.
# shellcheck shell=bash

active() { inside systemctl is-active --quiet "edge-node@$1"; }
restarted_since() { [ "$(unit "$1" NRestarts)" -gt "$2" ] && active "$1"; }
# Take what lies in the inbox, and say whether so many were taken.
more_taken_now() { software "$1" 0; more_taken "$1" "$2"; }
several_more() { more_taken "$1" $(($2 + 5)); }

# hardship: kill, restart, stop, boot and fill, each while documents cross.
hardship() {
    local before
    software a start
    software b start
    within 30 "documents cross" more_taken b 5

    before=$(unit a NRestarts)
    inside systemctl kill --signal=KILL --kill-who=main edge-node@a
    within 40 "killed, a is started again" restarted_since a "$before"
    within 40 "and takes more" several_more a "$(taken a)"
    inside systemctl restart edge-node@b
    within 40 "b, restarted, takes more" several_more b "$(taken b)"

    hung
    software a stop
    software b stop
    inside systemctl reboot
    within 60 "the machine has gone down" gone
    turn_on
    software a start
    software b start
    within 40 "a takes more after the machine was booted" several_more a "$(taken a)"
    within 40 "and b" several_more b "$(taken b)"

    full_disk
    software a stop
    software b stop
    nothing_lost "after all that"
}

# hung: a is stopped in the middle of its work, and systemd hears nothing of it any more.
hung() {
    local before hurry=/run/systemd/system/edge-node@a.service.d
    inside mkdir -p "$hurry"
    inside sh -c "printf '[Service]\nWatchdogSec=6s\n' >$hurry/hurry.conf"
    inside systemctl daemon-reload
    inside systemctl restart edge-node@a
    before=$(unit a NRestarts)
    inside systemctl kill --signal=STOP --kill-who=main edge-node@a
    within 60 "a that hangs is ended and started again" restarted_since a "$before"
    within 40 "and takes more" several_more a "$(taken a)"
    inside rm -r "$hurry"
    inside systemctl daemon-reload
}

gone() { ! kill -0 "$nspawn" 2>/dev/null; }

# full_disk: b's file system is filled up, and freed again.
full_disk() {
    local before
    dd if=/dev/zero of="$disk/filler" bs=1M 2>/dev/null || true
    holds "next to nothing is free on b's disk" [ "$(df --output=avail "$disk" | tail -1)" -lt 4096 ]
    within 30 "b says what is short" b_is_short
    before=$(taken a)
    within 40 "a goes on to send and b's documents wait" outbox_waits
    rm "$disk/filler"
    within 60 "freed, b takes more" several_more b "$(taken b)"
    within 60 "and sends" several_more a "$before"
}
b_is_short() { inside journalctl --no-pager -o cat -u edge-node@b | grep -q 'must stay free'; }
outbox_waits() { as qlvb sh -c "ls $B/outbox | wc -l" | grep -qv '^[0-4]$'; }

# upgraded_with_a_backlog DEB: while the axis is away and documents pile up, the next version comes.
upgraded_with_a_backlog() {
    local before
    axis_down
    software a 30
    software b 30
    within 60 "a has taken its drops in, and waits for the axis" waiting a 30
    before=$(main_pid a)
    holds "the next version installs" inside apt-get -qq -y install "$1"
    holds "it is the next version" is "$(inside edge-node --version)" "edge-node $(version_in "$1")"
    holds "both nodes are active" active_both
    holds "and run the new program" [ "$(main_pid a)" != "$before" ]
    axis_up
    nothing_lost "upgraded with a backlog"
}
active_both() { active a && active b; }
waiting() { [ "$(inside find "$A/queued" -mindepth 1 -maxdepth 1 -name '[0-9]*' | wc -l)" -ge "$2" ]; }
version_in() { inside dpkg-deb -f "$1" Version | sed 's/~.*//'; }

# taken_away_and_back DEB: purged, and installed again, with documents dropped in between.
taken_away_and_back() {
    software a 5
    holds "the package is purged" inside apt-get -qq -y purge edge-node
    holds "nothing of the program is left" not inside sh -c 'ls -d /opt/edge-node /usr/bin/edge-node 2>/dev/null'
    holds "no node runs" is "$(inside find /proc -maxdepth 1 -user edge-node)" ""
    for kept in "/var/lib/edge-node/a/data/queue.db" /etc/edge-node/a/config.yaml /etc/edge-node/a/axis-secret; do
        holds "$kept is still there" inside test -f "$kept"
    done
    software b 5
    holds "it installs again" inside apt-get -qq -y install "$1"
    holds "and both nodes run by themselves" active_both
    software b 5
    nothing_lost "purged and installed again"
}
