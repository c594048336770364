# Agencies a and b, set up by one command each with the answers in a file; sourced by installed.sh,
# not run.
# shellcheck shell=bash

set_up_both() {
    set_up a H99.01 "Ủy ban nhân dân xã A" /var/lib/edge-node
    set_up b H99.02 "Ủy ban nhân dân xã B" /srv/edge-node
}

# set_up INSTANCE CODE NAME TOP: by a file of answers, folders below TOP.
set_up() {
    install -m 600 "$work/axis/secrets/$2" "$root/root/$1-secret"
    cat >"$root/root/$1.yaml" <<END
name: $1
agency: {code: $2, name: $3}
axis: {url: "http://127.0.0.1:$AXIS_PORT", secret_file: $1-secret}
folders: {data: $4/$1/data, exchange: $4/$1/exchange}
software_user: qlvb
END
    holds "$1 is set up" inside edge-node setup --answers "/root/$1.yaml"
}

# in_a_hurry: ask the axis each second, so that what follows takes no longer than it must.
in_a_hurry() {
    local name
    for name in a b; do
        inside sh -c "printf 'pull: {every: 1s}\nreport: {every: 1s}\n' >>/etc/edge-node/$name/config.yaml"
        inside systemctl reload "edge-node@$name"
    done
}
