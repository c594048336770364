# What became of every document, counted outside of the nodes; sourced by installed.sh, not run.
# shellcheck shell=bash

# software AGENCY VERB: start or stop the document software of an agency; or a verb of software.py.
software() {
    local exchange receiver
    case $1 in a) exchange=$A receiver=H99.02 ;; b) exchange=$B receiver=H99.01 ;; esac
    case $2 in
        start) inside systemd-run --quiet --unit="qlvb-$1" --uid=qlvb \
            python3 /usr/local/lib/software.py "$exchange" "$receiver" "/home/qlvb/$1" ;;
        stop) inside systemctl stop "qlvb-$1" ;;
        *) as qlvb python3 /usr/local/lib/software.py "$exchange" "$receiver" "/home/qlvb/$1" "$2" ;;
    esac
}

dropped() { as qlvb sh -c "cat /home/qlvb/$1/dropped 2>/dev/null" | wc -l; }
taken() { as qlvb sh -c "cat /home/qlvb/$1/log 2>/dev/null" | wc -l; }
more_taken() { [ "$(taken "$1")" -ge "$2" ]; }

# all_through: whatever one agency dropped, the other took.
all_through() {
    software a 0
    software b 0
    [ "$(taken b)" -ge "$(dropped a)" ] && [ "$(taken a)" -ge "$(dropped b)" ]
}

# each_once FROM TO: every document of FROM was taken by TO, whole, and exactly once.
each_once() {
    diff <(as qlvb sort "/home/qlvb/$2/log") <(seq "$(dropped "$1")" | sed 's/$/ whole/' | sort) >&2
}

# Documents and statuses the axis accepted more than once.
accepted_twice() {
    "$project/.venv/bin/python" -c "
import sys
from pathlib import Path
from edge_node.sandbox.store import doubles
print(*doubles(Path(sys.argv[1])))" "$work/axis"
}

# nothing_lost: wait until all is through, and count.
nothing_lost() {
    within "${2:-60}" "$1: everything is through" all_through
    holds "$1: each of $(dropped a) documents of a was taken once, whole" each_once a b
    holds "$1: each of $(dropped b) documents of b was taken once, whole" each_once b a
    holds "$1: the axis accepted nothing twice" is "$(accepted_twice)" ""
}
