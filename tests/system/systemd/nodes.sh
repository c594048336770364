# Two nodes on a booted machine, a and b: where they exchange, and what systemd and the kernel say of
# them; sourced, not run.
# shellcheck shell=bash

A=/var/lib/edge-node/a/exchange
B=/srv/edge-node/b/exchange

unit() { inside systemctl show --value --property="$2" "edge-node@$1"; }
is() { [ "$1" = "$2" ]; }
main_pid() { unit "$1" MainPID; }
status_of() { inside sed -n "s/^$2:[[:space:]]*//p" "/proc/$(main_pid "$1")/status"; }
user_of() { inside stat -c %U "/proc/$(main_pid "$1")"; }
# Whether even root could write there, or read it, on the mounts the node sees.
writable() { inside nsenter -t "$(main_pid "$1")" -m touch "$2" 2>/dev/null; }
readable() { inside nsenter -t "$(main_pid "$1")" -m cat "$2" >/dev/null 2>&1; }
logged() { inside journalctl --no-pager -o cat -u "edge-node@$1" "${@:2}"; }
times_logged() { logged "$1" | grep -c "$2" || true; }
restarted() { is "$(unit "$1" NRestarts)" 1 && is "$(unit "$1" ActiveState)" active; }
runs_anew() { is "$(times_logged a '^info running: running')" $((runs + 1)); }
refused_as_error() { logged a -p err | grep -q 'the new configuration is refused'; }
