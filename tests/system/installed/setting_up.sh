# Agencies a and b, set up as docs/install.md says; sourced by installed.sh, not run.
# shellcheck shell=bash

set_up_both() {
    set_up a H99.01 /var/lib/edge-node
    set_up b H99.02 /srv/edge-node
}

# documented HEADING: print the commands below a heading of docs/install.md.
documented() {
    sed -n "/^## $1/,/^## /s/^    //p" "$project/docs/install.md"
}

set_up() {
    inside usermod --append --groups edge-node qlvb
    documented "An agency" | sed "
        s|https://ADDRESS|http://127.0.0.1:$AXIS_PORT|
        s|H37.02.03|$2|
        s|/var/lib/edge-node/xa-mau|$3/$1|
        s|xa-mau|$1|
        s|^END|pull: {every: 1s}\nreport: {every: 1s}\nEND|" >"$root/root/agency.sh"
    inside bash -e /root/agency.sh <"$work/axis/secrets/$2" >/dev/null
}
