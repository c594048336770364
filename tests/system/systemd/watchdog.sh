# A node that hangs on the booted machine: systemd hears nothing of it any more, ends it and starts
# it anew; sourced by boot.sh, not run.
# shellcheck shell=bash

watched_every() { is "$(unit "$1" WatchdogUSec)" "$2"; }
came_back() { is "$(unit "$1" NRestarts)" $(($2 + 1)) && is "$(unit "$1" ActiveState)" active; }
told_by_systemd() { logged "$1" _PID=1 | grep -qF "$2"; }

hangs_and_comes_back() {
    local pid restarts
    holds "systemd waits three minutes for a word of a node" watched_every a 3min
    # The test does not wait so long.
    inside mkdir -p /etc/systemd/system/edge-node@a.service.d
    inside sh -c 'printf "[Service]\nWatchdogSec=6s\nRestartSec=1s\n" >/etc/systemd/system/edge-node@a.service.d/hurry.conf'
    inside systemctl daemon-reload
    holds "a starts anew" inside systemctl restart edge-node@a
    pid=$(main_pid a) restarts=$(unit a NRestarts)
    drop_bundle $B 301 H99.01
    within 30 "it works, and is let live" arrived_whole $A 301

    inside systemctl kill --signal=STOP --kill-who=main edge-node@a
    drop_bundle $A 302 H99.02
    drop_bundle $B 303 H99.01
    within 60 "a that is stopped is ended and started again" came_back a "$restarts"
    holds "it is another process" not is "$(main_pid a)" "$pid"
    holds "systemd says why" told_by_systemd a 'Watchdog timeout'
    holds "and calls it so" told_by_systemd a "Failed with result 'watchdog'"
    within 15 "the journal has where it was" left_word a
    within 30 "what was dropped at a meanwhile arrives at b" arrived_whole $B 302
    within 30 "what b sent meanwhile arrives at a" arrived_whole $A 303
    holds "b has it once" arrived_once $B 302
    holds "a has it once" arrived_once $A 303

    inside rm /etc/systemd/system/edge-node@a.service.d/hurry.conf
    inside systemctl daemon-reload
    holds "a starts as shipped" inside systemctl restart edge-node@a
}
left_word() { logged "$1" | grep -q 'Fatal Python error: Aborted'; }
arrived_once() { is "$(inside sh -c "ls -d $1/inbox/*_$2-UBND-VP* | wc -l")" 1; }
