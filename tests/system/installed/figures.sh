# What docs/install.md says of size, memory and exposure, measured; sourced by installed.sh, not run.
# shellcheck shell=bash

SETTLED=30  # seconds after the first documents
WATCHED=60  # seconds over which an idle node is watched

figures_story() {
    local table
    SUITE=bookworm
    for SUITE in bookworm trixie; do made "$project/dist/$(package_of $SUITE)" "$project/packaging/deb.sh" $SUITE; done
    SUITE=bookworm
    made "$project/dist/$(bundle_name).tar.gz" "$project/packaging/bundle.sh"
    make_place
    a_server "$project/dist/$(package_of bookworm)"
    inside apt-get -qq -y install "/root/$(package_of bookworm)" >/dev/null 2>&1
    set_up_both >/dev/null 2>&1
    software a 1
    within 60 "a document crosses" more_taken_now b 1
    inside sleep $SETTLED
    table=$(measured)
    clear_away
    sed -i "/<!-- figures -->/,/<!-- figures-end -->/{//!d}" "$project/docs/install.md"
    sed -i "/<!-- figures -->/r /dev/stdin" "$project/docs/install.md" <<<"$table"
}

measured() {
    local before after machine
    machine=$(. "$root/etc/os-release" && echo "$PRETTY_NAME")
    before=$(cpu_ticks a)
    inside sleep $WATCHED
    after=$(cpu_ticks a)
    cat <<END
| what | figure |
|---|---|
| package, Debian 12 / Debian 13 | $(megabytes "$(package_of bookworm)") / $(megabytes "$(package_of trixie)") |
| bundle, Python 3.11 to 3.13 | $(megabytes "$(bundle_name).tar.gz") |
| installed | $(($(dpkg-deb -f "$project/dist/$(package_of bookworm)" Installed-Size) / 1024)) MB |
| lintian | $(lintian_said) |
| exposure of \`edge-node@.service\`, \`edge-node-web@.service\` (\`systemd-analyze security\`; 0 to 10) | $(exposure edge-node@a), $(exposure edge-node-web@a) |
| memory of an idle node (resident) | $(($(inside sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(main_pid a)/status") / 1024)) MB |
| processor of an idle node, asking the axis as it does by default | $(hundredths $(((after - before) * 10000 / $(getconf CLK_TCK) / WATCHED))) % |

Measured in $machine under systemd by \`tests/system/installed/installed.sh figures\`.
END
}

megabytes() { echo "$(($(stat -c %s "$project/dist/$1") / 1000000)) MB"; }
hundredths() { printf '%d.%02d' $(($1 / 100)) $(($1 % 100)); }
# Ticks of the clock that a node has run, and all it started.
cpu_ticks() { inside cut -d' ' -f14-17 "/proc/$(main_pid "$1")/stat" | tr ' ' '+' | bc; }
exposure() { inside systemd-analyze security --no-pager "$1" 2>/dev/null | sed -n 's/.*: \([0-9.]*\) .*/\1/p' | tail -1; }
lintian_said() {
    local said
    said=$(sed -n 's/^\([EWIX]\): .*/\1/p' "$ROOTS/bookworm-lintian.log" | sort | uniq -c | sed 's/ *\([0-9]*\) E/\1 errors/; s/ *\([0-9]*\) W/\1 warnings/' | paste -sd,)
    echo "${said:-nothing}"
}
